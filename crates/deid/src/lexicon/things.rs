//! Words around numbers: what announces them, what measures them, what fills the gap.

use super::Entry as E;
use crate::cues::Cue;

pub(super) const WORDS: &[(u32, &str)] = &[
    (E::cue(Cue::Cpf) | E::BLOCKED, "cpf cpfmf cic"),
    (E::cue(Cue::Cns) | E::BLOCKED, "cns sus cartaosus"),
    (E::cue(Cue::Cnpj) | E::BLOCKED, "cnpj cgc"),
    (
        E::cue(Cue::Phone) | E::BLOCKED,
        "tel tels telefone telefones telef fone fones fon cel celular celulares zap zapzap whats whatsapp wpp
         whatszap contato contatos ligar ligue telegram recado recados ramal",
    ),
    (E::cue(Cue::Cep) | E::BLOCKED, "cep"),
    (E::cue(Cue::Rg) | E::BLOCKED, "rg identidade rne rnm cin"),
    (E::cue(Cue::Chart) | E::BLOCKED, "prontuario prontuarios pront prnt prt rghc"),
    (E::cue(Cue::Record) | E::BLOCKED, "same atendimento registro reg matricula ficha passagem internamento"),
    (
        E::cue(Cue::Birth) | E::BLOCKED,
        "nascimento nasc nascido nascida nascidos nasceu dn dnasc dtnasc natalicio aniversario",
    ),
    (E::cue(Cue::Crm) | E::BLOCKED, "crm cro crf crefito crp crn crbm crefono cress cremesp cremerj rqe rms"),
    (E::cue(Cue::Coren) | E::BLOCKED, "coren"),
    (E::cue(Cue::Plate) | E::BLOCKED, "placa placas veiculo"),
    (E::cue(Cue::Pix) | E::BLOCKED, "pix"),
    (E::cue(Cue::Email) | E::BLOCKED, "email mail"),
    (
        E::cue(Cue::Home) | E::BLOCKED,
        "endereco enderecos end logradouro mora moro moram morava reside residia residindo
         domiciliado domiciliada residencia domicilio",
    ),
    (
        E::STREET | E::BLOCKED,
        "rua avenida travessa alameda rodovia estrada praca largo beco viela ladeira quadra conjunto loteamento
         condominio servidao passarela",
    ),
    (E::STREET_SHORT | E::BLOCKED, "av r al tv trav rod estr est pca pc qd cj"),
    (E::WEB | E::BLOCKED, "http https www ftp"),
    // "no" is also what is left of "nº" and "n.º".
    (
        E::FILLER | E::BLOCKED,
        "n no nr num numero numeros nao na em ao aos dia data dt hc hospitalar eletronico medico geral
         seguinte atual proprio civil social completo completa legal fixo residencial comercial
         nacional cartao saude titular paciente inscrito inscrita sob sendo foi portador portadora chave aleatoria
         fator oficial antigo antiga novo cod codigo id documento doc",
    ),
    (E::PARTICLE | E::FILLER, "dos"),
    (
        E::UNIT,
        "mg mcg ug g gr kg ml l dl cl ui u meq mmol mol ng pg fl mm mmhg bpm irpm ipm rpm kcal cal calorias
         comprimido comprimidos celulas cels leucocitos plaquetas hemacias copias log mil milhoes passos unidades
         hora horas min minutos segundos dias semanas meses anos vez vezes gotas doses metros reais cm km",
    ),
    (E::STATE, "ac al ap am ba ce df es go ma mt ms mg pa pb pr pe pi rj rn rs ro rr sc sp se to ssp"),
    (
        E::UNIT_OF_HOME,
        "apto ap apt apartamento bloco bl casa cs fundos frente sala sl lote lt andar torre edificio ed km
         bairro vila jardim jd parque pq centro complemento compl conj quadra qd setor sn numero",
    ),
    (
        E::STOP | E::BLOCKED,
        "ha com sem por para pra pois que quando apos antes depois onde ontem hoje amanha mas ou as os um uma
         ate desde entre sobre contra durante como porque se ja mais menos muito pouco tambem so ainda
         este esta esse essa isso aquele aquela ele ela eles elas lhe me te nos nas num numa pelo pela pelos pelas
         este agora sempre nunca cerca tem ter teve tinha esta estava foi era sao ser caiu chegou",
    ),
    (
        E::MONTH,
        "janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro
         jan fev mar abr mai jun jul ago set out nov dez",
    ),
];
