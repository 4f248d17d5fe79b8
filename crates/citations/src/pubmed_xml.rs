//! Reads PubMed's XML as a stream: baseline and update files, MEDLINE samples and answers of efetch.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use quick_xml::events::{BytesStart, Event};

use crate::{Author, Record};

/// Longest text kept of one element, in bytes; the longest titles have some 2000.
const LONGEST_TEXT: usize = 16 * 1024;
/// Most authors kept of one article.
const MOST_AUTHORS: usize = 1000;

/// What a file says.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// An article, new or in a new version.
    Record(Box<Record>),
    /// The article of this PMID is gone.
    Deleted(u32),
}

/// Why a file could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum XmlError {
    /// It could not be read or unpacked.
    #[error("não foi possível ler: {0}")]
    Io(#[from] io::Error),
    /// It is not well-formed.
    #[error("XML inválido: {0}")]
    Xml(String),
    /// It stops in the middle.
    #[error("o arquivo termina no meio")]
    Truncated,
}

/// Reads entries one by one; holds one article at a time.
pub struct Reader<R: BufRead> {
    xml: quick_xml::Reader<R>,
    buffer: Vec<u8>,
    path: Vec<Tag>,
    text: String,
    /// Depth of the element whose text is collected; none while nobody wants the text.
    collecting: Option<usize>,
    article: Article,
    newest: Option<(u16, u8, u8)>,
    ended: bool,
    found_root: bool,
}

/// An open file of either kind.
pub type FileReader = Reader<BufReader<Box<dyn Read + Send>>>;

/// Opens a file; gzip is recognised by its first bytes, not by its name.
///
/// # Errors
/// When it cannot be opened.
pub fn open(path: &Path) -> io::Result<FileReader> {
    from_read(BufReader::with_capacity(1 << 16, File::open(path)?))
}

/// Reads plain or gzipped XML from anything.
///
/// # Errors
/// When its first bytes cannot be read.
pub fn from_read<R: BufRead + Send + 'static>(mut source: R) -> io::Result<FileReader> {
    let gzip = source.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    let plain: Box<dyn Read + Send> = if gzip { Box::new(MultiGzDecoder::new(source)) } else { Box::new(source) };
    Ok(Reader::new(BufReader::with_capacity(1 << 16, plain)))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tag {
    Root,
    Citation,
    BookArticle,
    DeleteCitation,
    Pmid,
    DateRevised,
    PubDate,
    ArticleDate,
    Year,
    Month,
    Day,
    MedlineDate,
    Journal,
    JournalTitle,
    IsoAbbreviation,
    MedlineTa,
    ArticleTitle,
    VernacularTitle,
    AuthorList,
    Author,
    LastName,
    Initials,
    ForeName,
    CollectiveName,
    ELocation,
    ELocationDoi,
    PubmedData,
    References,
    ArticleIds,
    ArticleIdDoi,
    Corrections(Relation),
    CommentsCorrectionsList,
    RefSource,
    PublicationType,
    Article,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    RetractionIn,
    RetractionOf,
    Erratum,
    Concern,
    Other,
}

/// An article while it is being read.
#[derive(Default)]
struct Article {
    record: Record,
    medline_ta: String,
    author: Option<AuthorParts>,
    author_total: usize,
    /// PubMed says that the list is not complete, as in old records.
    shortened: bool,
    related: Option<u32>,
    related_source: String,
    revised: (u16, u8, u8),
    journal_doi: Option<String>,
}

#[derive(Default)]
struct AuthorParts {
    last: String,
    initials: String,
    fore: String,
    group: String,
}

impl<R: BufRead> Reader<R> {
    /// Reads XML that is already unpacked.
    pub fn new(source: R) -> Reader<R> {
        Reader {
            xml: quick_xml::Reader::from_reader(source),
            buffer: Vec::new(),
            path: Vec::new(),
            text: String::new(),
            collecting: None,
            article: Article::default(),
            newest: None,
            ended: false,
            found_root: false,
        }
    }

    /// The newest date of revision seen so far, as `2026-11-24`.
    pub fn newest_revision(&self) -> Option<String> {
        self.newest.map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}"))
    }

    fn advance(&mut self) -> Result<Option<Entry>, XmlError> {
        loop {
            self.buffer.clear();
            // Taken out so that the event may borrow it while the state changes.
            let mut buffer = std::mem::take(&mut self.buffer);
            let entry = match self.xml.read_event_into(&mut buffer) {
                Err(quick_xml::Error::Io(error)) => {
                    return Err(XmlError::Io(io::Error::new(error.kind(), error.to_string())));
                }
                Err(error) => return Err(XmlError::Xml(error.to_string())),
                Ok(Event::Eof) => {
                    return match (self.path.is_empty(), self.found_root) {
                        (true, true) => Ok(None),
                        (true, false) => Err(XmlError::Xml("não é um arquivo do PubMed".into())),
                        (false, _) => Err(XmlError::Truncated),
                    };
                }
                Ok(Event::Start(start)) => {
                    let tag = tag(&start, self.path.last().copied());
                    if tag == Tag::AuthorList {
                        self.article.shortened = is(&start, "CompleteYN", "N");
                    }
                    open_tag(&mut self.path, tag, &mut self.article, &mut self.collecting, &mut self.text);
                    self.found_root |= tag == Tag::Root;
                    None
                }
                Ok(Event::Empty(_)) => {
                    self.found_root |= self.path.is_empty();
                    None
                }
                Ok(Event::Text(text)) => {
                    collect(self.collecting, &mut self.text, &text.xml10_content());
                    None
                }
                Ok(Event::CData(text)) => {
                    collect(self.collecting, &mut self.text, &text.xml10_content());
                    None
                }
                Ok(Event::GeneralRef(reference)) => {
                    if self.collecting.is_some() {
                        // A reference to an entity that a document type could define is dropped: nothing expands.
                        let known = match reference.resolve_char_ref() {
                            Ok(Some(c)) => Some(c),
                            _ => match reference.xml10_content().as_ref() {
                                "amp" => Some('&'),
                                "lt" => Some('<'),
                                "gt" => Some('>'),
                                "quot" => Some('"'),
                                "apos" => Some('\''),
                                _ => None,
                            },
                        };
                        if let Some(c) = known {
                            collect(self.collecting, &mut self.text, c.encode_utf8(&mut [0; 4]));
                        }
                    }
                    None
                }
                Ok(Event::End(_)) => self.close_tag(),
                Ok(_) => None,
            };
            self.buffer = buffer;
            if entry.is_some() {
                return Ok(entry);
            }
        }
    }

    fn close_tag(&mut self) -> Option<Entry> {
        let tag = self.path.pop()?;
        let parent = self.path.last().copied().unwrap_or(Tag::Other);
        if self.collecting.is_some_and(|depth| depth == self.path.len()) {
            self.collecting = None;
            let text = self.text.split_whitespace().collect::<Vec<_>>().join(" ");
            if tag == Tag::Pmid && parent == Tag::DeleteCitation {
                return text.parse().ok().map(Entry::Deleted);
            }
            self.article.take(tag, parent, text);
        }
        match tag {
            Tag::Author => self.article.end_author(),
            Tag::Corrections(relation) => self.article.end_correction(relation),
            Tag::DateRevised => {
                let revised = std::mem::take(&mut self.article.revised);
                if revised.0 > 0 {
                    self.newest = self.newest.max(Some(revised));
                }
            }
            // The list of identifiers follows the citation, so an article ends with what encloses both.
            Tag::Citation if parent == Tag::Root => return self.end_article(),
            Tag::Article => return self.end_article(),
            _ => {}
        }
        None
    }

    fn end_article(&mut self) -> Option<Entry> {
        let article = std::mem::take(&mut self.article);
        let mut record = article.record;
        if record.journal_abbreviation.is_empty() || !article.medline_ta.is_empty() {
            record.journal_abbreviation = article.medline_ta;
        }
        record.doi = record.doi.or(article.journal_doi);
        record.author_count = if article.shortened {
            u16::MAX
        } else if article.author_total > record.authors.len() {
            u16::try_from(article.author_total).unwrap_or(u16::MAX)
        } else {
            0
        };
        (record.pmid > 0).then(|| Entry::Record(Box::new(record)))
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Entry, XmlError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let entry = self.advance().transpose();
        self.ended = !matches!(entry, Some(Ok(_)));
        entry
    }
}

fn collect(collecting: Option<usize>, text: &mut String, more: &str) {
    if collecting.is_some() && text.len() + more.len() <= LONGEST_TEXT {
        text.push_str(more);
    }
}

fn open_tag(path: &mut Vec<Tag>, tag: Tag, article: &mut Article, collecting: &mut Option<usize>, text: &mut String) {
    match tag {
        Tag::Author => article.author = Some(AuthorParts::default()),
        Tag::Corrections(_) => {
            article.related = None;
            article.related_source.clear();
        }
        _ => {}
    }
    let wanted = matches!(
        tag,
        Tag::Pmid
            | Tag::Year
            | Tag::Month
            | Tag::Day
            | Tag::MedlineDate
            | Tag::JournalTitle
            | Tag::IsoAbbreviation
            | Tag::MedlineTa
            | Tag::ArticleTitle
            | Tag::VernacularTitle
            | Tag::LastName
            | Tag::Initials
            | Tag::ForeName
            | Tag::CollectiveName
            | Tag::ELocationDoi
            | Tag::ArticleIdDoi
            | Tag::RefSource
            | Tag::PublicationType
    );
    if wanted && collecting.is_none() {
        *collecting = Some(path.len());
        text.clear();
    }
    path.push(tag);
}

/// What an element means where it stands. Elements in places that do not matter are [`Tag::Other`], so that a PMID in a
/// list of references is not taken for the article's own.
fn tag(start: &BytesStart<'_>, parent: Option<Tag>) -> Tag {
    let name = start.local_name();
    let name: &str = name.as_ref();
    let Some(parent) = parent else { return Tag::Root };
    match (name, parent) {
        ("PubmedArticle", _) => Tag::Article,
        ("PubmedBookArticle", _) => Tag::BookArticle,
        ("MedlineCitation", Tag::Root | Tag::Article) => Tag::Citation,
        ("DeleteCitation", _) => Tag::DeleteCitation,
        ("PMID", Tag::Citation | Tag::DeleteCitation | Tag::Corrections(_)) => Tag::Pmid,
        ("DateRevised", Tag::Citation) => Tag::DateRevised,
        ("Article", Tag::Citation) => Tag::Journal,
        ("Journal" | "JournalIssue", Tag::Journal) => Tag::Journal,
        ("MedlineJournalInfo", Tag::Citation) => Tag::Journal,
        ("PubDate", Tag::Journal) => Tag::PubDate,
        ("ArticleDate", Tag::Journal) => Tag::ArticleDate,
        ("Year", Tag::PubDate | Tag::ArticleDate | Tag::DateRevised) => Tag::Year,
        ("Month", Tag::DateRevised) => Tag::Month,
        ("Day", Tag::DateRevised) => Tag::Day,
        ("MedlineDate", Tag::PubDate) => Tag::MedlineDate,
        ("Title", Tag::Journal) => Tag::JournalTitle,
        ("ISOAbbreviation", Tag::Journal) => Tag::IsoAbbreviation,
        ("MedlineTA", Tag::Journal) => Tag::MedlineTa,
        ("ArticleTitle", Tag::Journal) => Tag::ArticleTitle,
        ("VernacularTitle", Tag::Journal) => Tag::VernacularTitle,
        ("AuthorList", Tag::Journal) => Tag::AuthorList,
        ("Author", Tag::AuthorList) => Tag::Author,
        ("LastName", Tag::Author) => Tag::LastName,
        ("Initials", Tag::Author) => Tag::Initials,
        ("ForeName", Tag::Author) => Tag::ForeName,
        ("CollectiveName", Tag::Author) => Tag::CollectiveName,
        ("ELocationID", Tag::Journal) if is(start, "EIdType", "doi") => Tag::ELocationDoi,
        ("ELocationID", Tag::Journal) => Tag::ELocation,
        ("PublicationTypeList", Tag::Journal) => Tag::Journal,
        ("PublicationType", Tag::Journal) => Tag::PublicationType,
        ("CommentsCorrectionsList", Tag::Citation) => Tag::CommentsCorrectionsList,
        ("CommentsCorrections", Tag::CommentsCorrectionsList) => Tag::Corrections(relation(start)),
        ("RefSource", Tag::Corrections(_)) => Tag::RefSource,
        ("PubmedData", Tag::Article) => Tag::PubmedData,
        ("ReferenceList", _) => Tag::References,
        ("ArticleIdList", Tag::PubmedData) => Tag::ArticleIds,
        ("ArticleId", Tag::ArticleIds) if is(start, "IdType", "doi") => Tag::ArticleIdDoi,
        _ => Tag::Other,
    }
}

fn is(start: &BytesStart<'_>, attribute: &str, wanted: &str) -> bool {
    value(start, attribute).is_some_and(|value| value.eq_ignore_ascii_case(wanted))
}

fn value(start: &BytesStart<'_>, attribute: &str) -> Option<String> {
    start.try_get_attribute(attribute).ok().flatten().map(|found| found.value.as_ref().to_owned())
}

fn relation(start: &BytesStart<'_>) -> Relation {
    match value(start, "RefType").as_deref() {
        Some("RetractionIn") => Relation::RetractionIn,
        Some("RetractionOf" | "PartialRetractionOf") => Relation::RetractionOf,
        Some("ErratumIn" | "CorrectedandRepublishedIn" | "RetractedandRepublishedIn") => Relation::Erratum,
        // A part of the article no longer holds, which is graver than an erratum.
        Some("ExpressionOfConcernIn" | "PartialRetractionIn") => Relation::Concern,
        _ => Relation::Other,
    }
}

impl Article {
    fn take(&mut self, tag: Tag, parent: Tag, text: String) {
        let record = &mut self.record;
        match (tag, parent) {
            (Tag::Pmid, Tag::Citation) => record.pmid = text.parse().unwrap_or(0),
            (Tag::Pmid, Tag::Corrections(_)) => self.related = text.parse().ok(),
            (Tag::Year, Tag::DateRevised) => self.revised.0 = text.parse().unwrap_or(0),
            (Tag::Month, _) => self.revised.1 = text.parse().unwrap_or(0),
            (Tag::Day, _) => self.revised.2 = text.parse().unwrap_or(0),
            (Tag::Year, Tag::PubDate) => record.year = text.parse().ok(),
            (Tag::Year, _) => {
                if let Ok(year) = text.parse() {
                    record.other_years.push(year);
                }
            }
            // `1998 Dec-1999 Jan`: cited by either year.
            (Tag::MedlineDate, _) => {
                let mut years = years(&text);
                record.year = record.year.or_else(|| years.next());
                record.other_years.extend(years);
            }
            (Tag::JournalTitle, _) => record.journal = text,
            (Tag::IsoAbbreviation, _) => record.journal_abbreviation = text,
            (Tag::MedlineTa, _) => self.medline_ta = text,
            (Tag::ArticleTitle, _) => record.title = text,
            (Tag::VernacularTitle, _) => record.vernacular_title = Some(text).filter(|text| !text.is_empty()),
            (Tag::LastName, _) => self.part(|author| author.last = text),
            (Tag::Initials, _) => self.part(|author| author.initials = text),
            (Tag::ForeName, _) => self.part(|author| author.fore = text),
            (Tag::CollectiveName, _) => self.part(|author| author.group = text),
            (Tag::ELocationDoi, _) => self.journal_doi = Some(text.to_lowercase()).filter(|text| !text.is_empty()),
            (Tag::ArticleIdDoi, _) => record.doi = Some(text.to_lowercase()).filter(|text| !text.is_empty()),
            (Tag::RefSource, _) => self.related_source = text,
            (Tag::PublicationType, _) => match text.as_str() {
                "Retracted Publication" => record.flags.retracted = true,
                "Retraction of Publication" | "Retraction Notice" => record.flags.notice = true,
                _ => {}
            },
            _ => {}
        }
    }

    fn part(&mut self, set: impl FnOnce(&mut AuthorParts)) {
        if let Some(author) = &mut self.author {
            set(author);
        }
    }

    fn end_author(&mut self) {
        let Some(parts) = self.author.take() else { return };
        let author = if parts.last.is_empty() {
            Author { family: parts.group, initials: String::new() }
        } else if parts.initials.is_empty() {
            let initials = parts.fore.split([' ', '-']).filter_map(|name| name.chars().next()).collect();
            Author { family: parts.last, initials }
        } else {
            Author { family: parts.last, initials: parts.initials }
        };
        if !author.family.is_empty() {
            self.author_total += 1;
            if self.record.authors.len() < MOST_AUTHORS {
                self.record.authors.push(author);
            }
        }
    }

    fn end_correction(&mut self, relation: Relation) {
        let flags = &mut self.record.flags;
        match relation {
            Relation::RetractionIn => {
                flags.retracted = true;
                flags.retraction_pmid = self.related.take().or(flags.retraction_pmid);
                flags.retraction_year = years(&self.related_source).next().or(flags.retraction_year);
            }
            Relation::RetractionOf => flags.notice = true,
            Relation::Erratum => flags.erratum = true,
            Relation::Concern => flags.concern = true,
            Relation::Other => {}
        }
    }
}

/// Years in a text, in order.
fn years(text: &str) -> impl Iterator<Item = u16> {
    text.split(|c: char| !c.is_ascii_digit())
        .filter(|digits| digits.len() == 4)
        .filter_map(|digits| digits.parse().ok())
        .filter(|year| (1500..2200).contains(year))
}
