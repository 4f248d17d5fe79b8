use sigilo_store::patient::{CELLS, COLUMNS};
use zeroize::Zeroizing;

/// One thing that is known of who a patient is. In the order of the database's columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// The name in the civil register.
    FullName,
    /// The name by which the person is called (Decreto 8.727/2016).
    SocialName,
    /// `AAAA-MM-DD`.
    BirthDate,
    /// One of [`SEXES`].
    Sex,
    /// One of [`RACES`], as the person says.
    RaceColor,
    /// The mother's name.
    MotherName,
    /// 11 digits.
    Cpf,
    /// 15 digits.
    Cns,
    /// As the document has it.
    Rg,
    /// E.164.
    PhonePrimary,
    /// E.164.
    PhoneSecondary,
    /// In small letters.
    Email,
    /// As one line.
    Address,
    /// Who answers for a minor or somebody under guardianship.
    GuardianName,
    /// As what.
    GuardianRelation,
    /// Their CPF or RG.
    GuardianDocument,
}

impl Field {
    /// All of them.
    pub const ALL: [Field; CELLS] = [
        Field::FullName,
        Field::SocialName,
        Field::BirthDate,
        Field::Sex,
        Field::RaceColor,
        Field::MotherName,
        Field::Cpf,
        Field::Cns,
        Field::Rg,
        Field::PhonePrimary,
        Field::PhoneSecondary,
        Field::Email,
        Field::Address,
        Field::GuardianName,
        Field::GuardianRelation,
        Field::GuardianDocument,
    ];

    pub(super) fn place(self) -> usize {
        self as usize
    }

    /// Its column in the database.
    pub fn column(self) -> &'static str {
        COLUMNS[self.place()]
    }

    /// Its name in a form.
    pub fn name(self) -> &'static str {
        match self {
            Field::FullName => "nome",
            Field::SocialName => "nome_social",
            Field::BirthDate => "nascimento",
            Field::Sex => "sexo",
            Field::RaceColor => "raca_cor",
            Field::MotherName => "mae",
            Field::Cpf => "cpf",
            Field::Cns => "cns",
            Field::Rg => "rg",
            Field::PhonePrimary => "telefone",
            Field::PhoneSecondary => "outro_telefone",
            Field::Email => "email",
            Field::Address => "endereco",
            Field::GuardianName => "responsavel",
            Field::GuardianRelation => "parentesco",
            Field::GuardianDocument => "documento_responsavel",
        }
    }

    /// Its name on a screen.
    pub fn label(self) -> &'static str {
        match self {
            Field::FullName => "Nome civil",
            Field::SocialName => "Nome social",
            Field::BirthDate => "Nascimento",
            Field::Sex => "Sexo",
            Field::RaceColor => "Raça ou cor",
            Field::MotherName => "Nome da mãe",
            Field::Cpf => "CPF",
            Field::Cns => "Cartão SUS (CNS)",
            Field::Rg => "RG",
            Field::PhonePrimary => "Telefone",
            Field::PhoneSecondary => "Outro telefone",
            Field::Email => "E-mail",
            Field::Address => "Endereço",
            Field::GuardianName => "Responsável legal",
            Field::GuardianRelation => "Parentesco ou título",
            Field::GuardianDocument => "CPF ou RG do responsável",
        }
    }
}

/// Sex as registered: code and words (FHIR administrative-gender).
pub const SEXES: [(&str, &str); 4] =
    [("female", "Feminino"), ("male", "Masculino"), ("other", "Outro"), ("unknown", "Não informado")];

/// Race or colour as IBGE asks for it (Portaria GM/MS 344/2017).
pub const RACES: [(&str, &str); 6] = [
    ("white", "Branca"),
    ("black", "Preta"),
    ("brown", "Parda"),
    ("yellow", "Amarela"),
    ("indigenous", "Indígena"),
    ("undeclared", "Não declarada"),
];

/// Why somebody has neither CPF nor CNS.
pub const WITHOUT_DOCUMENT: [(&str, &str); 4] = [
    ("foreigner", "Estrangeiro sem CPF"),
    ("newborn", "Recém-nascido"),
    ("undocumented", "Não tem documentos"),
    ("emergency", "Urgência: documentos depois"),
];

/// Who a patient is, as it is known, each value in the one spelling that is kept. Wiped when dropped.
#[derive(Clone)]
pub struct Document {
    pub(super) values: [Option<Zeroizing<String>>; CELLS],
    /// Why there is neither CPF nor CNS, one of [`WITHOUT_DOCUMENT`].
    pub without_document: Option<&'static str>,
}

impl Document {
    pub(super) fn empty() -> Document {
        Document { values: [const { None }; CELLS], without_document: None }
    }

    /// What is known, if it is.
    pub fn get(&self, field: Field) -> Option<&str> {
        self.values[field.place()].as_ref().map(|value| value.as_str())
    }

    /// The name by which the patient is called: the social name where there is one.
    pub fn called(&self) -> &str {
        self.get(Field::SocialName).or_else(|| self.get(Field::FullName)).unwrap_or_default()
    }
}

/// One of the reasons why there is no document, by its code.
pub(super) fn without_document(code: &str) -> Option<&'static str> {
    WITHOUT_DOCUMENT.iter().map(|(known, _)| *known).find(|known| *known == code)
}
