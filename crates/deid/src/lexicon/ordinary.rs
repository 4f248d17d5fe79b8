//! Words that look like names but are mostly something else, and words that never belong to a name.

use super::Entry as E;

pub(super) const WORDS: &[(u32, &str)] = &[
    // Names that are ordinary words of Portuguese or of the ward, and cities: silent unless introduced.
    (
        E::ORDINARY,
        "rosa rosas vitoria conceicao aparecida aparecido aurora gloria norma clara claro jesus socorro salvador magno
         magna divino divina candido candida gentil dolores graca luz aurea aureo flora natal celeste severo
         severa expedito amador amada amado amados santo santos santa penha alba albino albina custodio custodia domingo
         vital branca branco mel flor dias cris esperanca constancia constante clemencia felicidade piedade trindade
         natividade perpetua lua alta alto oliva argentina cairo romana romano germana generosa generoso modesta
         modesto benigno benigna inocencia magnolia rubi perola safira palma linda diva deusa bela belo brisa
         ida leia nata sol mar lima costa leite rocha pinto pires reis campos ramos pilar amparo livramento rosario
         assuncao encarnacao remedios justo justa livre vida vita auxiliadora imaculada pacifico pacifica franca
         franco maxima maximo midia atos armas libera ali iria vivia li lo ria ma jo ed trafico pastor pastora
         padre marco valente moral guia paz fe bonita nova novo serena sereno
         serenidade brasil brasilia italia holanda franca portugal africa asia europa          delgado neves chagas delicia fausto fausta lirio dalia violeta hortencia jasmim rubia morena moreno
         negra preta parda prudencia benta inocente feliz leal leao lobo coelho carneiro
         cordeiro pereira figueira oliveira pinheiro carvalho nogueira prado lago serra rios ribeiro monte montes vale
         guerra barros cruz campo mata matos machado leme passos porto ponte pontes fonte fontes castro caldas dores
         nascimento batista evangelista luso ramo cravo malva verbena camomila
         america lucida lucido altiva ativa ativo pura puro real regia regio silvestre
         urbano urbana rural primo prima dina iva ita nice marinho marinha
         cora coral cristal diamante esmeralda turquesa opala agata          analise norte sul leste oeste oriente ocidente estela estrela senhora menina maioral
         quele rock lane chagas sana junior neto filho sobrinho segundo terceiro
         abadia lia dita nora tina lina mina mira nila adil dea ela ele lana lila lira tira vina
         edema vento ventura brasileira vasco padua
         cosmo lisa liso merces aura sena noel
         uria soro seno ceco          campinas goiania curitiba manaus belem fortaleza recife natal maceio aracaju cuiaba palmas teresina
         diadema osasco santos bauru franca paulinia americana jundiai piracicaba sorocaba taubate betim contagem
         londrina maringa cascavel joinville blumenau chapeco pelotas canoas caxias anapolis uberlandia uberaba
         petropolis niteroi macae vitoria serra linhares olinda caruaru sobral mossoro imperatriz santarem maraba
         barcelona madri lisboa paris londres italia china japao",
    ),
    (
        E::LOWER_ORDINARY,
        "marcos tais tales barbara domingos vera lia sara noe ester angelica valentina benedita dora jade melissa luna
         iris marilia natalina germano nina israel clemente bento cida margarida paloma mara lina lana nora tina
         marina caio raul paola dores rosario gil neide neuza",
    ),
    (
        E::ORDINARY,
        "janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro
         jan fev mar abr mai jun jul ago set out nov dez",
    ),
    // Words of the ward and of every sentence that follow an indicator with a capital without being names.
    (
        E::BLOCKED,
        "refere nega negou relata relatou apresenta apresentou evolui evoluiu evolucao mantem manteve segue seguiu
         encontra deu veio vem chegou esta foi traz trouxe queixa queixas hda hpp hma isda hf hpma exame exames fisico
         em no na o a os as ao aos um uma com sem por para pelo pela sob ate apos desde durante que se ja nao sim
         hipertensa hipertenso diabetica diabetico masculino feminino masculina feminina sexo idade anos ano raca cor
         branca branco parda pardo preta preto negra negro amarela amarelo indigena morena moreno
         natural procedente casada casado solteira solteiro viuva viuvo divorciada divorciado separado
         aposentada aposentado estudante lavrador lavradora pedreiro domestica motorista
         grave estavel instavel consciente orientada orientado acordada acordado lucida lucido calma calmo
         sonolenta sonolento torporosa comatosa agitada agitado corada corado hidratada hidratado eupneica eupneico
         afebril febril acianotica anicterica normotensa normotenso taquicardica ansiosa ansioso
         obesa obeso desnutrida tabagista etilista fumante gestante puerpera virgem alergica alergico
         internada internado admitida admitido atendida atendido avaliada avaliado transferida transferido operada
         operado submetida submetido encaminhada encaminhado liberada liberado medicada medicado orienta conduta
         alta obito uti cti enfermaria ps pa pronto consulta retorno leito quarto box sala emergencia hoje ontem
         manha tarde noite admissao internacao diagnostico hipotese plano prescricao receita atestado laudo
         febre dor tosse dispneia nausea vomito vomitos diarreia cefaleia tontura sangramento edema
         pressao arterial frequencia cardiaca respiratoria temperatura saturacao glicemia peso altura
         hemoglobina creatinina ureia potassio sodio leucocitos plaquetas
         dipirona paracetamol ibuprofeno losartana enalapril captopril atenolol propranolol metformina glibenclamida
         insulina sinvastatina atorvastatina omeprazol amoxicilina cefalexina ceftriaxona azitromicina ciprofloxacino
         clonazepam diazepam fluoxetina sertralina amitriptilina haloperidol risperidona quetiapina carbamazepina
         fenitoina fenobarbital valproato levotiroxina prednisona dexametasona hidrocortisona furosemida
         espironolactona hidroclorotiazida anlodipino carvedilol aspirina aas clopidogrel varfarina heparina
         enoxaparina rivaroxabana morfina tramadol codeina fentanil midazolam ketamina propofol noradrenalina
         adrenalina dopamina dobutamina amiodarona adenosina digoxina salbutamol ipratropio budesonida
         lasix tylenol novalgina buscopan rivotril valium plasil dramin luftal nexium clexane xarelto eliquis
         puran aldactone selozok glifage januvia forxiga jardiance ozempic victoza lantus humalog
         neosaldina dorflex torsilax voltaren profenid keflex rocefin tamiflu annita ivermectina aerolin berotec
         atrovent clenil seretide symbicort alenia celestone decadron meticorten predsim depakene tegretol gardenal
         hidantal lexotan frontal zoloft prozac lexapro mirena nuvaring cerazette depo provera perlutan
         mesigyna marevan iscover plavix cozaar diovan renitec capoten atensina aldomet norvasc
         fan les lra irc drc dpoc dm has icc iam avc ave ait tep tvp itu bcp pac sepse ira hiv hcv hbv hbsag
         vdrl ecg eeg tc rm rx usg eco mapa mrpa holter bcg tsh psa pcr vhs tgo tgp ggt inr tap ttpa
         nada consta informado informada ignorado ignorada desconhecido desconhecida omitido removido removida
         comercial generico cientifico fantasia medicamento medicacao remedio droga doenca exame empresa
         atencao alegre triste bem mal melhor pior igual tudo todo toda todos todas cada outro outra mesmo mesma
         solicito solicitado solicita peco favor obrigado obrigada bom boa ola oi ei prezado prezada caro cara
         qual quais quem quanto deve pode poderia precisa quer vai ir vou estou tenho temos fazer faz fez
         recebeu recebe usa usava toma tomava faz uso iniciou iniciado suspenso mantido trocado
         vacina vacinas dose alergia alergias cirurgia cirurgias antecedentes historia historico
         dele dela deles delas meu minha nosso nossa seus suas",
    ),
];
