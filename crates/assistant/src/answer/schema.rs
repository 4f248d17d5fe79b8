//! The JSON schema that a model's answer follows.

use serde::ser::{Serialize, SerializeMap, Serializer};

/// Changes with every change of the schema; stored with each answer.
pub const SCHEMA_VERSION: &str = "resposta-1";

/// The schema. Serialises in the order of its fields, which is the order a model writes them in: the reasoning first,
/// so that it can be read while the rest is written, and the references last.
#[derive(Debug, Clone, Copy)]
pub struct Schema;

impl Serialize for Schema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ANSWER.serialize(serializer)
    }
}

/// The schema as JSON text.
pub fn json() -> String {
    serde_json::to_string(&Schema).unwrap_or_default()
}

/// SHA-256 of [`json`], in hexadecimal.
pub fn hash() -> String {
    super::sha256_hex(json().as_bytes())
}

/// A type of the schema. Only what every provider understands: no limits on numbers, lengths or counts.
enum Type {
    Text,
    Bool,
    OneOf(&'static [&'static str]),
    TextOrNull,
    IntegerOrNull,
    List(&'static Type),
    Object(&'static [Field]),
}

struct Field {
    name: &'static str,
    /// For the model.
    meaning: &'static str,
    kind: Type,
}

const fn field(name: &'static str, meaning: &'static str, kind: Type) -> Field {
    Field { name, meaning, kind }
}

static TEXT: Type = Type::Text;

static HYPOTHESIS: Type = Type::Object(&[
    field("nome", "Nome da condição em português.", Type::Text),
    field("cid10", "Código CID-10, como I26.9; null se não souber.", Type::TextOrNull),
    field("probabilidade", "Quão provável, com os dados que há.", Type::OneOf(&["alta", "media", "baixa"])),
    field("a_favor", "Achados do caso que apoiam a hipótese.", Type::List(&TEXT)),
    field("contra", "Achados do caso que pesam contra ela.", Type::List(&TEXT)),
    field("nao_perder", "Se é grave e não pode passar despercebida.", Type::Bool),
    field("proximos_passos", "Exames ou condutas para confirmar ou afastar.", Type::List(&TEXT)),
]);

static REFERENCE: Type = Type::Object(&[
    field("titulo", "Título exato do artigo ou da diretriz, na língua original.", Type::Text),
    field("autores", "Autores, o primeiro à frente, como Silva JA.", Type::List(&TEXT)),
    field("revista", "Revista ou órgão que publicou.", Type::Text),
    field("ano", "Ano da publicação; null se não souber.", Type::IntegerOrNull),
    field("palavras_chave", "Ao menos cinco palavras em inglês do título ou do resumo.", Type::List(&TEXT)),
    field("doi", "DOI sem endereço, se souber com certeza; senão null.", Type::TextOrNull),
]);

static ANSWER: Type = Type::Object(&[
    field("raciocinio", "Raciocínio clínico em texto corrido.", Type::Text),
    field("hipoteses", "Hipóteses, da mais à menos provável.", Type::List(&HYPOTHESIS)),
    field("sinais_de_alarme", "Sinais que exigem ação imediata.", Type::List(&TEXT)),
    field("dados_faltantes", "O que perguntar ou examinar a seguir.", Type::List(&TEXT)),
    field("texto_na_imagem", "Texto lido em imagem, tal como está; null se não há.", Type::TextOrNull),
    field("referencias", "Referências que sustentam o raciocínio.", Type::List(&REFERENCE)),
]);

impl Serialize for Type {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.entries::<S>(&mut map)?;
        map.end()
    }
}

impl Type {
    fn entries<S: Serializer>(&self, map: &mut S::SerializeMap) -> Result<(), S::Error> {
        match self {
            Type::Text => map.serialize_entry("type", "string"),
            Type::Bool => map.serialize_entry("type", "boolean"),
            Type::OneOf(words) => {
                map.serialize_entry("type", "string")?;
                map.serialize_entry("enum", words)
            }
            Type::TextOrNull => map.serialize_entry("anyOf", &[Named("string"), Named("null")]),
            Type::IntegerOrNull => map.serialize_entry("anyOf", &[Named("integer"), Named("null")]),
            Type::List(of) => {
                map.serialize_entry("type", "array")?;
                map.serialize_entry("items", of)
            }
            Type::Object(fields) => {
                map.serialize_entry("type", "object")?;
                map.serialize_entry("properties", &Properties(fields))?;
                let names: Vec<_> = fields.iter().map(|field| field.name).collect();
                map.serialize_entry("required", &names)?;
                map.serialize_entry("additionalProperties", &false)
            }
        }
    }
}

struct Named(&'static str);

impl Serialize for Named {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([("type", self.0)])
    }
}

struct Properties(&'static [Field]);

impl Serialize for Properties {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|field| (field.name, field)))
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("description", self.meaning)?;
        self.kind.entries::<S>(&mut map)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// Every object is closed and requires all it has; nothing that a provider refuses.
    fn check(value: &Value) {
        match value {
            Value::Object(map) => {
                if map.get("type") == Some(&Value::from("object")) {
                    assert_eq!(map["additionalProperties"], false);
                    let mut required: Vec<_> =
                        map["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
                    required.sort_unstable();
                    let mut names: Vec<_> = map["properties"].as_object().unwrap().keys().collect();
                    names.sort_unstable();
                    assert_eq!(required, names);
                }
                for refused in ["minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "$ref"] {
                    assert!(!map.contains_key(refused));
                }
                map.values().for_each(check);
            }
            Value::Array(list) => list.iter().for_each(check),
            _ => {}
        }
    }

    #[test]
    fn the_schema_is_closed_and_in_order() {
        let text = json();
        check(&serde_json::from_str(&text).unwrap());
        let at = |name: &str| text.find(&format!("\"{name}\":")).unwrap();
        assert!(at("raciocinio") < at("hipoteses") && at("texto_na_imagem") < at("referencias"));
        assert!(!text.contains("probabilidade_calculada") && !text.contains("pmid"));
    }

    #[test]
    fn the_hash_moves_with_the_version() {
        // Whoever changes the schema changes its version, and then this line.
        let known = ("resposta-1", "949e5cee9717cdadc648302bfdf72ca452c0112f50865346c855ab377760713a");
        assert_eq!((SCHEMA_VERSION, hash().as_str()), known);
    }
}
