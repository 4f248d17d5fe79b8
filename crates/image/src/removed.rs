//! Names of what was removed, as the log and the doctor see them.

use crate::exif::Found;

pub(crate) const EXIF: &str = "EXIF";
pub(crate) const EXIF_GPS: &str = "EXIF com localização (GPS)";
pub(crate) const EXIF_THUMBNAIL: &str = "miniatura EXIF";
pub(crate) const XMP: &str = "XMP";
pub(crate) const IPTC: &str = "IPTC";
pub(crate) const COMMENT: &str = "comentário";
pub(crate) const PROVENANCE: &str = "dados de procedência (C2PA)";
pub(crate) const PROFILE: &str = "perfil de cor (ICC)";
pub(crate) const JFIF_THUMBNAIL: &str = "miniatura JFIF";
pub(crate) const MORE_PICTURES: &str = "imagens secundárias (MPF)";
pub(crate) const APPLICATION: &str = "dados de aplicativo";
pub(crate) const PNG_TEXT: &str = "texto PNG";
pub(crate) const PNG_TIME: &str = "data PNG";
pub(crate) const RESOLUTION: &str = "resolução";
pub(crate) const AUXILIARY: &str = "dados auxiliares";

/// Each name once, in the order met.
#[derive(Default)]
pub(crate) struct Removed(Vec<&'static str>);

impl Removed {
    pub(crate) fn add(&mut self, name: &'static str) {
        if !self.0.contains(&name) {
            self.0.push(name);
        }
    }

    /// A camera's block is named by what is most telling in it.
    pub(crate) fn add_exif(&mut self, found: &Found) {
        self.add(if found.gps { EXIF_GPS } else { EXIF });
        if found.thumbnail {
            self.add(EXIF_THUMBNAIL);
        }
    }

    pub(crate) fn into_names(self) -> Vec<&'static str> {
        self.0
    }
}
