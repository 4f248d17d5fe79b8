//! All that Typst can see: one template, its files of data, three fonts. No disk, no network, no packages, no clock.

use std::sync::LazyLock;

use typst::{
    Library, LibraryExt, World,
    diag::{FileError, FileResult},
    foundations::{Bytes, Datetime, Duration},
    syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot},
    text::{Font, FontBook},
    utils::LazyHash,
};

/// Inter and JetBrains Mono under the SIL Open Font License, from their npm packages (`web-assets/package.json`).
macro_rules! font {
    ($path:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../web-assets/node_modules/@expo-google-fonts/", $path))
    };
}

static FONTS: LazyLock<Vec<Font>> = LazyLock::new(|| {
    let files: [&'static [u8]; 3] = [
        font!("inter/400Regular/Inter_400Regular.ttf"),
        font!("inter/600SemiBold/Inter_600SemiBold.ttf"),
        font!("jetbrains-mono/400Regular/JetBrainsMono_400Regular.ttf"),
    ];
    files.into_iter().flat_map(|file| Font::iter(Bytes::new(file))).collect()
});
static BOOK: LazyLock<LazyHash<FontBook>> = LazyLock::new(|| LazyHash::new(FontBook::from_fonts(FONTS.iter())));
static LIBRARY: LazyLock<LazyHash<Library>> = LazyLock::new(|| LazyHash::new(Library::default()));
static REPORT: LazyLock<Source> =
    LazyLock::new(|| Source::new(file("relatorio.typ"), include_str!("report.typ").into()));
static CONSENT: LazyLock<Source> =
    LazyLock::new(|| Source::new(file("comprovante.typ"), include_str!("consent.typ").into()));
const DATA: &str = "dados.json";

#[allow(clippy::expect_used, reason = "constant names")]
fn file(name: &str) -> FileId {
    let path = VirtualPath::new(name).expect("a plain name");
    RootedPath::new(VirtualRoot::Project, path).intern()
}

/// Whether every font has a shape for a character. What has none would make the PDF invalid.
pub(crate) fn shows(c: char) -> bool {
    FONTS.iter().all(|font| font.info().coverage.contains(u32::from(c)))
}

/// What lies before Typst for one document.
pub(super) struct Desk {
    template: &'static Source,
    files: Vec<(FileId, Bytes)>,
}

impl Desk {
    pub(super) fn report(data: Vec<u8>) -> Desk {
        Desk { template: &REPORT, files: vec![(file(DATA), Bytes::new(data))] }
    }

    pub(super) fn consent(data: Vec<u8>, proof: Vec<u8>, drawing: Option<Vec<u8>>) -> Desk {
        let mut files = vec![(file(DATA), Bytes::new(data)), (file("prova.json"), Bytes::new(proof))];
        files.extend(drawing.map(|drawing| (file("assinatura.png"), Bytes::new(drawing))));
        Desk { template: &CONSENT, files }
    }
}

impl World for Desk {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &BOOK
    }

    fn main(&self) -> FileId {
        self.template.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.template.id() { Ok(self.template.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let found = self.files.iter().find(|(known, _)| *known == id);
        found.map(|(_, bytes)| bytes.clone()).ok_or(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        FONTS.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}
