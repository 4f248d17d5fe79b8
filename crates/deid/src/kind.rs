//! What can be found, and how it was found.

/// A type of personal datum. Its [`code`](Kind::code) is what the detection log stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Taxpayer number of a person, 11 digits.
    Cpf,
    /// Telephone number, with or without area code.
    Telefone,
    /// E-mail address.
    Email,
    /// State identity card number.
    Rg,
    /// Street address, from the street to the end of its complements.
    Endereco,
    /// Postal code, 8 digits.
    Cep,
    /// Medical record (chart) or attendance number.
    Prontuario,
    /// Name of a person.
    Nome,
    /// National health card number, 15 digits.
    Cns,
    /// Taxpayer number of a company, 14 characters, numeric or alphanumeric.
    Cnpj,
    /// Date of birth. Dates of care are left alone.
    Nascimento,
    /// Registration with the medical council, or another council's without a kind of its own.
    Crm,
    /// Registration with the nursing council.
    Coren,
    /// Vehicle plate, old or Mercosul form.
    Placa,
    /// Random PIX key (a UUID).
    Pix,
    /// IPv4 or IPv6 address.
    Ip,
    /// Web address.
    Url,
    /// A phrase marked by hand.
    Adicionado,
}

impl Kind {
    /// Every kind, in the order of the enum.
    pub const ALL: &[Kind] = &[
        Kind::Cpf,
        Kind::Telefone,
        Kind::Email,
        Kind::Rg,
        Kind::Endereco,
        Kind::Cep,
        Kind::Prontuario,
        Kind::Nome,
        Kind::Cns,
        Kind::Cnpj,
        Kind::Nascimento,
        Kind::Crm,
        Kind::Coren,
        Kind::Placa,
        Kind::Pix,
        Kind::Ip,
        Kind::Url,
        Kind::Adicionado,
    ];

    /// Stable lower-case ASCII code, e.g. `"cpf"`.
    pub fn code(self) -> &'static str {
        match self {
            Kind::Cpf => "cpf",
            Kind::Telefone => "telefone",
            Kind::Email => "email",
            Kind::Rg => "rg",
            Kind::Endereco => "endereco",
            Kind::Cep => "cep",
            Kind::Prontuario => "prontuario",
            Kind::Nome => "nome",
            Kind::Cns => "cns",
            Kind::Cnpj => "cnpj",
            Kind::Nascimento => "nascimento",
            Kind::Crm => "crm",
            Kind::Coren => "coren",
            Kind::Placa => "placa",
            Kind::Pix => "pix",
            Kind::Ip => "ip",
            Kind::Url => "url",
            Kind::Adicionado => "adicionado",
        }
    }

    /// What takes the datum's place in the redacted text, e.g. `"[CPF REMOVIDO]"`.
    ///
    /// The first eight are prescribed letter by letter by the product's manual.
    pub fn tag(self) -> &'static str {
        match self {
            Kind::Cpf => "[CPF REMOVIDO]",
            Kind::Telefone => "[TELEFONE REMOVIDO]",
            Kind::Email => "[EMAIL REMOVIDO]",
            Kind::Rg => "[RG REMOVIDO]",
            Kind::Endereco => "[ENDERECO REMOVIDO]",
            Kind::Cep => "[CEP REMOVIDO]",
            Kind::Prontuario => "[PRONTUARIO REMOVIDO]",
            Kind::Nome | Kind::Adicionado => "[NOME REMOVIDO]",
            Kind::Cns => "[CNS REMOVIDO]",
            Kind::Cnpj => "[CNPJ REMOVIDO]",
            Kind::Nascimento => "[NASCIMENTO REMOVIDO]",
            Kind::Crm => "[CRM REMOVIDO]",
            Kind::Coren => "[COREN REMOVIDO]",
            Kind::Placa => "[PLACA REMOVIDA]",
            Kind::Pix => "[PIX REMOVIDO]",
            Kind::Ip => "[IP REMOVIDO]",
            Kind::Url => "[URL REMOVIDA]",
        }
    }

    /// Name of the kind for people, in Brazilian Portuguese.
    pub fn label(self) -> &'static str {
        match self {
            Kind::Cpf => "CPF",
            Kind::Telefone => "Telefone",
            Kind::Email => "E-mail",
            Kind::Rg => "RG",
            Kind::Endereco => "Endereço",
            Kind::Cep => "CEP",
            Kind::Prontuario => "Prontuário",
            Kind::Nome => "Nome",
            Kind::Cns => "Cartão SUS (CNS)",
            Kind::Cnpj => "CNPJ",
            Kind::Nascimento => "Data de nascimento",
            Kind::Crm => "CRM",
            Kind::Coren => "COREN",
            Kind::Placa => "Placa de veículo",
            Kind::Pix => "Chave Pix",
            Kind::Ip => "Endereço IP",
            Kind::Url => "Endereço da internet",
            Kind::Adicionado => "Marcado por você",
        }
    }
}

/// The evidence behind a detection, from which its confidence follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    /// Marked by hand by the person who wrote the text.
    Manual,
    /// Right shape, right check digits, and a word such as "CPF" before it.
    DigitoContexto,
    /// Right shape and right check digits.
    FormaDigito,
    /// A word before it says what it is.
    Contexto,
    /// A word such as "paciente" or "Dra." introduces the name.
    Indicador,
    /// Another occurrence of a name found elsewhere in the same text.
    Repeticao,
    /// Its shape alone gives it away.
    Forma,
    /// A name from the census list, with no word that introduces it.
    Lista,
}

impl Method {
    /// Every method, strongest evidence first.
    pub const ALL: &[Method] = &[
        Method::Manual,
        Method::DigitoContexto,
        Method::FormaDigito,
        Method::Contexto,
        Method::Indicador,
        Method::Repeticao,
        Method::Forma,
        Method::Lista,
    ];

    /// Stable lower-case ASCII code, e.g. `"digito+contexto"`.
    pub fn code(self) -> &'static str {
        match self {
            Method::Manual => "manual",
            Method::DigitoContexto => "digito+contexto",
            Method::FormaDigito => "forma+digito",
            Method::Contexto => "contexto",
            Method::Indicador => "indicador",
            Method::Repeticao => "repeticao",
            Method::Forma => "forma",
            Method::Lista => "lista",
        }
    }

    /// Confidence between 0 and 1 where the recogniser has no reason to say otherwise.
    pub(crate) fn confidence(self) -> f32 {
        match self {
            Method::Manual => 1.0,
            Method::DigitoContexto => 0.99,
            Method::FormaDigito => 0.95,
            Method::Contexto => 0.90,
            Method::Indicador => 0.90,
            Method::Repeticao => 0.85,
            Method::Forma => 0.70,
            Method::Lista => 0.60,
        }
    }
}
