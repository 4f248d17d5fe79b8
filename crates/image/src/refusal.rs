//! Why an image is not accepted, in words that say what to do.

use crate::{Format, MAX_BYTES, MAX_PIXELS, MAX_SIDE};

/// Why an image was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Nothing in it.
    Empty,
    /// More than [`MAX_BYTES`].
    TooLarge,
    /// No JPEG, PNG or WebP, whatever its name says.
    UnknownFormat,
    /// A known kind of file that is not accepted, such as `DICOM`.
    OtherFormat(&'static str),
    /// It ends before its container does.
    Truncated(Format),
    /// The container contradicts itself.
    Damaged(Format),
    /// Something follows the end of the picture: another file can hide there.
    TrailingData(Format),
    /// More than one picture in time.
    Animated(Format),
    /// A variant of the container that ordinary programs do not show.
    Unsupported(Format),
    /// A side of zero pixels.
    NoPixels,
    /// A side above [`MAX_SIDE`] or more than [`MAX_PIXELS`].
    TooManyPixels {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
    },
}

impl Refusal {
    /// A stable code for logs, as `unknown_format`.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::Empty => "empty",
            Refusal::TooLarge => "too_large",
            Refusal::UnknownFormat => "unknown_format",
            Refusal::OtherFormat(_) => "other_format",
            Refusal::Truncated(_) => "truncated",
            Refusal::Damaged(_) => "damaged",
            Refusal::TrailingData(_) => "trailing_data",
            Refusal::Animated(_) => "animated",
            Refusal::Unsupported(_) => "unsupported",
            Refusal::NoPixels => "no_pixels",
            Refusal::TooManyPixels { .. } => "too_many_pixels",
        }
    }

    /// A sentence in Portuguese for the person: what is wrong and what to do.
    pub fn sentence(&self) -> String {
        match self {
            Refusal::Empty => "O arquivo está vazio. Escolha-o de novo.".to_owned(),
            Refusal::TooLarge => format!(
                "A imagem passa de {} MB. Reduza o tamanho ou a qualidade e envie de novo.",
                MAX_BYTES / (1024 * 1024)
            ),
            Refusal::UnknownFormat => {
                "O arquivo não é JPEG, PNG nem WebP. Abra-o, salve uma cópia em um desses formatos e envie a cópia."
                    .to_owned()
            }
            Refusal::OtherFormat(name) => {
                format!("Arquivos {name} não são aceitos. Exporte a imagem como JPEG, PNG ou WebP e envie essa cópia.")
            }
            Refusal::Truncated(format) => format!(
                "A imagem {} está incompleta: o arquivo termina antes do fim. Copie-o de novo da origem.",
                format.name()
            ),
            Refusal::Damaged(format) => {
                format!("A imagem {} está danificada. Abra-a, salve uma cópia e envie a cópia.", format.name())
            }
            Refusal::TrailingData(format) => format!(
                "Há outros dados depois do fim da imagem {}. Abra-a, salve uma cópia e envie a cópia.",
                format.name()
            ),
            Refusal::Animated(_) => {
                "Imagens animadas não são aceitas. Envie só o quadro que interessa, como imagem parada.".to_owned()
            }
            Refusal::Unsupported(format) => format!(
                "A imagem usa uma variante rara de {0}. Abra-a, salve uma cópia como {0} comum e envie a cópia.",
                format.name()
            ),
            Refusal::NoPixels => "A imagem não tem pontos: largura ou altura é zero. Escolha outra.".to_owned(),
            Refusal::TooManyPixels { width, height } => format!(
                "A imagem tem {width} × {height} pontos. O limite é {MAX_SIDE} por lado e {} milhões ao todo: \
                 reduza-a ou recorte a parte que interessa.",
                MAX_PIXELS / 1_000_000
            ),
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl std::error::Error for Refusal {}
