//! Persons' names that stand for diseases, signs, scales and devices, and the words they are said of.

use super::Entry as E;

pub(super) const WORDS: &[(u32, &str)] = &[
    (
        E::EPONYM,
        "parkinson alzheimer chagas crohn hodgkin addison cushing graves basedow hashimoto wilson huntington
         down turner klinefelter marfan ehlers danlos ehler raynaud sjogren behcet takayasu kawasaki wegener
         churg strauss henoch schonlein purpura guillain barre miller fisher wernicke korsakoff broca bell
         tourette asperger rett edwards patau angelman prader willi noonan williams digeorge
         murphy blumberg rovsing mcburney giordano cullen grey turner courvoisier charcot reynolds kernig
         brudzinski lasegue babinski romberg trendelenburg homans phalen tinel finkelstein lachman mcmurray
         trousseau chvostek kussmaul cheyne stokes biot corrigan quincke musset traube godet stemmer
         nikolsky koplik darier auspitz koebner kobner jones roth osler janeway quervain
         glasgow apgar ranson braden norton morse waterlow karnofsky ecog katz lawton barthel rankin
         child pugh killip nyha forrester wells genebra geneva fagerstrom beck hamilton hoehn yahr fitzpatrick
         tanner silverman capurro ballard bishop zatuchni bethesda gleason breslow clark mallampati cormack lehane
         richmond ramsay aldrete fisher hunt hess spetzler martin gustilo garden neer salter harris weber          forrest hinchey balthazar johnson caprini hestia
         valsalva heimlich leopold mcroberts kristeller crede allis ortolani barlow epley dix hallpike
         queckenstedt mueller muller adson spurling thomas patrick fabere allen schirmer weber rinne snellen ishihara jaeger
         foley nelaton levine dobbhoff fouchet malecot swan ganz hickman shilley tenckhoff sengstaken blakemore
         kelly kocher crile halsted mixter metzenbaum mayo hegar farabeuf allis backhaus
         fowler sims trendelemburg lloyd davies
         doppler holter tesla roentgen bucky hounsfield
         gram ziehl neelsen giemsa wright papanicolaou schiff coombs rorschach mantoux
         koch hansen biermer pott pompe gaucher fabry niemann pick tay sachs wilms ewing burkitt kaposi
         barrett meckel hirschsprung zenker mallory weiss boerhaave zollinger ellison whipple billroth roux
         nissen heller hartmann fredet ramstedt bankart latarjet
         legg calve perthes osgood schlatter scheuermann sever kohler freiberg kienbock paget dupuytren ledderhose
         peyronie colles smith barton monteggia galeazzi bennett rolando jefferson hangman
         baker morton haglund
         barr epstein creutzfeldt jakob von recklinghausen lindau hippel sturge
         wolff white lown ganong brugada chiari budd arnold dandy walker fallot ebstein eisenmenger
         dressler prinzmetal wellens ashman lenegre his purkinje bachmann tawara keith aschoff
         bowman henle malpighi langerhans kupffer schwann cajal golgi
         douglas morison retzius scarpa hunter hesselbach winslow vater oddi wirsung santorini lieberkuhn
         falopio bartholin skene gartner wolff muller naboth graaf montgomery
         achilles aquiles bichat monro kellie virchow
         alport berger goodpasture fanconi bartter gitelman liddle conn
         stevens lyell sweet bowen duhring pemphigus
         meniere horner adie argyll robertson uhthoff lhermitte lewy
         munchausen cotard capgras stendhal estocolmo
         hamman rich lofgren caplan pancoast
         lemierre ludwig fournier vincent
         meigs sheehan asherman turner rokitansky
         lynch peutz jeghers gardner gilbert rotor dubin crigler najjar
         coats leber stargardt eales
         ringer hartman lugol burow castellani dakin
         framingham cockcroft gault schwartz harris benedict devine friedewald parkland wallace lund browder
         kdigo mews news qsofa sofa apache meld curb chads vasc hasbled grace timi perc abcd
         zika lyme marburg ebola bristol
         canadian boston miami toronto roma tokyo atlanta",
    ),
    (
        E::EPONYM_HEAD | E::BLOCKED,
        "doenca doencas sinal sinais sindrome sindromes escala escalas score escore escores indice manobra manobras teste
         testes sonda sondas cateter cateteres mal morbo tireoidite linfoma sarcoma molestia triade lei reflexo
         classificacao classificacoes criterio criterios posicao prova provas fratura fraturas tecnica
         operacao incisao ponto espaco saco fundo anel angulo tendao corpusculos celulas
         celula bacilo virus coreia ataxia paralisia fenomeno fenomenos estertor          metodo formula equacao regra protocolo tabela curva dispositivo tubo dreno pinca tesoura bisturi
         afastador agulha canula solucao soro liquido coloracao reacao nodulo nodulos mancha manchas          esofago hernia diverticulo contratura deformidade neuroma osteocondrite anomalia tetralogia
         complexo encefalopatia afasia ligamento trompa trompas glandula glandulas ducto canal alca capsula
         estadio estagio gene mutacao fator antigeno anticorpo artrose
         tireopatia hidrocele nefropatia vasculite purpura leucemia distrofia atrofia neuropatia          consenso diretriz diretrizes questionario inventario",
    ),
    (
        E::PLACE_HEAD | E::BLOCKED,
        "hospital hospitais ubs upa ama caps psf esf usf cras creas samu clinica clinicas instituto maternidade
         laboratorio lab policlinica ambulatorio centro santa santo sao san bairro vila jardim parque cidade municipio
         distrito escola colegio creche universidade faculdade fundacao igreja paroquia asilo
         abrigo terminal estacao shopping farmacia drogaria unidade posto enfermaria ala pavilhao predio edificio
         capela cemiterio fazenda sitio chacara aldeia comunidade favela lagoa serra rio morro porto nossa rua avenida
         empresa banco loja mercado supermercado praia ilha regiao",
    ),
];
