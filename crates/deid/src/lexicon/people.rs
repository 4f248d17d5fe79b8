//! Words that introduce a person.

use super::Entry as E;

pub(super) const WORDS: &[(u32, &str)] = &[
    (
        E::PERSON | E::BLOCKED,
        "paciente pacientes pct pcte pac cliente usuario usuaria titular beneficiario beneficiaria
         filho filha filhos filhas mae pai pais irmao irma irmaos irmas esposa esposo marido mulher conjuge
         companheiro companheira namorado namorada noivo noiva avo avos neto neta tio tia primo prima
         sobrinho sobrinha cunhado cunhada sogro sogra genro nora padrasto madrasta enteado enteada padrinho madrinha
         acompanhante acompanhantes cuidador cuidadora responsavel vizinho vizinha amigo amiga familiar parente
         crianca menor menino menina bebe lactente adolescente rn recem gestante puerpera parturiente
         idoso idosa jovem homem rapaz moca colega
         medico medica enfermeiro enfermeira residente interno interna preceptor preceptora plantonista
         cirurgiao anestesista anestesiologista obstetra pediatra cardiologista neurologista ortopedista
         dermatologista ginecologista psiquiatra urologista oncologista radiologista intensivista clinico
         psicologo psicologa nutricionista fisioterapeuta fonoaudiologo fonoaudiologa farmaceutico farmaceutica
         dentista tecnico tecnica auxiliar assistente terapeuta agente acs parteira doula
         solicitante relator relatora ministro ministra desembargador desembargadora juiz juiza delegado delegada
         promotor promotora deputado deputada vereador vereadora diretor diretora coordenador coordenadora secretario
         secretaria gerente supervisor supervisora assinado assinatura examinador informante declarante contratante
         chamado chamada apelido apelidado apelidada conhecido conhecida identificado identificada
         falecido falecida viuvo viuva",
    ),
    (
        E::HONORIFIC | E::BLOCKED,
        "sr sra srta srs sras senhor senhora senhorita dona dr dra drs dras doutor doutora
         prof profa professor professora enf enfa enfo padre pastor pastora",
    ),
    (E::WEAK_HONORIFIC | E::BLOCKED, "seu sua d fisio fono tec psic nutri obst ass att"),
    (E::LABEL | E::BLOCKED, "nome nomes name filiacao genitor genitora"),
    (E::CALLS | E::BLOCKED, "chama chamo chamava chamam"),
    (E::PARTICLE | E::FILLER | E::BLOCKED, "da de do das dos e di del della von van der la los y du"),
];
