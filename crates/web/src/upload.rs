//! Reading a form that may carry files: images of a message, or one document. They go from the network into memory that
//! is wiped, never into a file, and their names, which often name the patient, are not even looked at.

use axum::RequestExt;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::{StatusCode, header};
use sigilo_features::{Error, FieldError, message};
use zeroize::Zeroizing;

use crate::body::{Fields, NOT_UTF8};
use crate::errors::Answer;

/// Which files a form may carry.
struct Files {
    field: &'static str,
    most: usize,
    too_many: &'static str,
    too_much: &'static str,
}

const IMAGES: Files = Files {
    field: "images",
    most: MOST_IMAGES,
    too_many: "São até 3 imagens por mensagem. Retire as que sobram.",
    too_much: "O envio passa do tamanho aceito: até 3 imagens de 5 MB cada. Reduza-as ou envie menos imagens.",
};
const DOCUMENT: Files = Files {
    field: "prova",
    most: 1,
    too_many: "Envie um arquivo só. Se forem vários, junte-os em um PDF.",
    too_much: "O arquivo passa de 5 MB. Digitalize com menos resolução.",
};
const MOST_IMAGES: usize = 3;
/// One byte more than an image may have: whoever checks it then sees that it is too large, whatever followed.
const IMAGE_BYTES: usize = 5 * 1024 * 1024 + 1;
/// Each byte of the text may take three in a form (`%C3`); the marked phrases come on top.
const TEXT_BYTES: usize = 4 * message::MAX_TEXT_BYTES;
/// A whole form in bytes: three images, the text, and the frames around them. [`Upload`] itself sees to it.
pub(crate) const LIMIT: usize = MOST_IMAGES * IMAGE_BYTES + TEXT_BYTES + 64 * 1024;
const MOST_PARTS: usize = 1000;
/// The first size of a buffer for an image.
const FIRST: usize = 64 * 1024;

const CUT: &str = "O envio chegou incompleto. Verifique sua conexão e tente de novo.";
const TOO_MANY_PARTS: &str = "O formulário tem campos demais.";

/// A form with the images that came along.
pub(crate) struct Upload {
    /// The fields that are text.
    pub(crate) fields: Fields,
    /// The images as they came, unchecked, in order; each with one byte above the limit at most.
    pub(crate) images: Vec<Zeroizing<Vec<u8>>>,
}

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = Answer;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, Answer> {
        if !is_multipart(&request) {
            DefaultBodyLimit::max(TEXT_BYTES).apply(&mut request);
            return Ok(Upload { fields: Fields::from_request(request, state).await?, images: Vec::new() });
        }
        DefaultBodyLimit::max(LIMIT).apply(&mut request);
        let parts = request.extract::<Multipart, _>().await.map_err(|_| Answer::malformed(CUT))?;
        let (fields, images) = read(parts, &IMAGES).await?;
        Ok(Upload { fields, images })
    }
}

/// A form with the one document that may have come along.
pub(crate) struct Document {
    /// The fields that are text.
    pub(crate) fields: Fields,
    /// The document as it came, unchecked, with one byte above the limit at most; empty where none was chosen.
    pub(crate) file: Zeroizing<Vec<u8>>,
}

impl<S: Send + Sync> FromRequest<S> for Document {
    type Rejection = Answer;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, Answer> {
        if !is_multipart(&request) {
            DefaultBodyLimit::max(TEXT_BYTES).apply(&mut request);
            return Ok(Document { fields: Fields::from_request(request, state).await?, file: Zeroizing::default() });
        }
        DefaultBodyLimit::max(IMAGE_BYTES + TEXT_BYTES + 64 * 1024).apply(&mut request);
        let parts = request.extract::<Multipart, _>().await.map_err(|_| Answer::malformed(CUT))?;
        let (fields, mut files) = read(parts, &DOCUMENT).await?;
        Ok(Document { fields, file: files.pop().unwrap_or_default() })
    }
}

fn is_multipart(request: &Request) -> bool {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next()).map(str::trim);
    essence.is_some_and(|essence| essence.eq_ignore_ascii_case("multipart/form-data"))
}

async fn read(mut parts: Multipart, files: &Files) -> Result<(Fields, Vec<Zeroizing<Vec<u8>>>), Answer> {
    let mut pairs = Pairs::default();
    let mut images = Vec::new();
    let mut count = 0;
    while let Some(mut part) = parts.next_field().await.map_err(|error| refusal(&error, files))? {
        count += 1;
        if count > MOST_PARTS {
            return Err(Answer::malformed(TOO_MANY_PARTS));
        }
        match part.name() {
            Some(name) if name == files.field => {
                // What a browser sends for a file field that was left empty.
                let none_chosen = part.file_name().is_none_or(str::is_empty);
                let image = image(&mut part, files).await?;
                if none_chosen && image.is_empty() {
                    continue;
                }
                if images.len() == files.most {
                    return Err(Error::Invalid(vec![FieldError::new(files.field, files.too_many)]).into());
                }
                images.push(image);
            }
            Some(name) => {
                let name = name.to_owned();
                pairs.add(name, &mut part, files).await?;
            }
            None => {}
        }
    }
    Ok((pairs.checked()?, images))
}

/// One file, up to the byte that makes it too large; the rest is read and forgotten.
async fn image(part: &mut Field<'_>, files: &Files) -> Result<Zeroizing<Vec<u8>>, Answer> {
    let mut bytes = Zeroizing::new(Vec::new());
    while let Some(chunk) = part.chunk().await.map_err(|error| refusal(&error, files))? {
        let wanted = chunk.len().min(IMAGE_BYTES - bytes.len());
        append(&mut bytes, &chunk[..wanted], IMAGE_BYTES);
    }
    Ok(bytes)
}

/// Growing by hand keeps the outgrown copies from being left behind in memory.
fn append(bytes: &mut Zeroizing<Vec<u8>>, more: &[u8], most: usize) {
    let length = bytes.len() + more.len();
    if bytes.capacity() < length {
        let mut larger = Zeroizing::new(Vec::with_capacity((length * 2).max(FIRST).min(most.max(length))));
        larger.extend_from_slice(bytes);
        *bytes = larger;
    }
    bytes.extend_from_slice(more);
}

/// The text fields, while they come in.
#[derive(Default)]
struct Pairs {
    pairs: Vec<(String, Zeroizing<String>)>,
    bytes: usize,
}

impl Pairs {
    async fn add(&mut self, name: String, part: &mut Field<'_>, files: &Files) -> Result<(), Answer> {
        let mut bytes = Zeroizing::new(Vec::new());
        while let Some(chunk) = part.chunk().await.map_err(|error| refusal(&error, files))? {
            self.bytes += chunk.len();
            if self.bytes > TEXT_BYTES {
                return Err(Answer::of_status(StatusCode::PAYLOAD_TOO_LARGE));
            }
            append(&mut bytes, &chunk, TEXT_BYTES);
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| Answer::malformed(NOT_UTF8))?;
        self.pairs.push((name, Zeroizing::new(text.to_owned())));
        Ok(())
    }

    fn checked(self) -> Result<Fields, Answer> {
        Fields::checked(self.pairs.into_iter().map(|(name, mut value)| (name, std::mem::take(&mut *value))).collect())
    }
}

/// The parser's own message may quote what was sent, so it goes nowhere.
fn refusal(error: &MultipartError, files: &Files) -> Answer {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let mut answer = Answer::of_status(StatusCode::PAYLOAD_TOO_LARGE);
        answer.detail = files.too_much.to_owned();
        answer
    } else {
        Answer::malformed(CUT)
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    const BOUNDARY: &str = "limite-de-teste";

    fn part(head: &str, body: &[u8]) -> Vec<u8> {
        [format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes(), body, b"\r\n"].concat()
    }

    fn file(name: &str, body: &[u8]) -> Vec<u8> {
        part(&format!("name=\"images\"; filename=\"{name}\"\r\nContent-Type: image/png"), body)
    }

    fn whole(parts: &[Vec<u8>]) -> Vec<u8> {
        [parts.concat(), format!("--{BOUNDARY}--\r\n").into_bytes()].concat()
    }

    async fn send(content_type: &str, body: Vec<u8>) -> Result<Upload, Answer> {
        let request = Request::post("/").header(header::CONTENT_TYPE, content_type).body(Body::from(body)).unwrap();
        Upload::from_request(request, &()).await
    }

    async fn sent(parts: &[Vec<u8>]) -> Result<Upload, Answer> {
        send(&format!("multipart/form-data; boundary={BOUNDARY}"), whole(parts)).await
    }

    fn refused(result: Result<Upload, Answer>) -> Answer {
        match result {
            Ok(_) => panic!("accepted"),
            Err(answer) => answer,
        }
    }

    #[tokio::test]
    async fn a_plain_form_and_one_with_images_read_the_same() {
        let plain =
            send("application/x-www-form-urlencoded; charset=UTF-8", b"text=dor+%C3%A0+noite&conferi=on".to_vec());
        let rich =
            [part("name=\"text\"", "dor à noite".as_bytes()), part("name=\"conferi\"", b"on"), file("a", b"\0\xff1")];
        let (mut plain, mut rich) = (plain.await.unwrap(), sent(&rich).await.unwrap());
        for upload in [&mut plain, &mut rich] {
            assert!(upload.fields.has("conferi"));
            assert_eq!(*upload.fields.take("text"), "dor à noite");
        }
        assert!(plain.images.is_empty());
        assert_eq!(*rich.images[0], b"\0\xff1");
    }

    #[tokio::test]
    async fn a_file_field_left_empty_is_no_image_and_an_empty_file_is() {
        let upload = sent(&[file("", b""), part("name=\"text\"", b"oi")]).await.unwrap();
        assert!(upload.images.is_empty());
        let upload = sent(&[file("vazio.png", b"")]).await.unwrap();
        assert_eq!(upload.images.len(), 1);
    }

    #[tokio::test]
    async fn repeated_fields_stay_in_order() {
        let mut upload = sent(&[part("name=\"added\"", b"um"), part("name=\"added\"", b"dois")]).await.unwrap();
        assert_eq!(upload.fields.take_all("added"), ["um", "dois"]);
    }

    #[tokio::test]
    async fn text_is_refused_as_in_a_plain_form() {
        for (body, words) in [(&b"dor\xff"[..], "UTF-8"), (b"a\0b", "controle"), (b"a\x1bb", "controle")] {
            let answer = refused(sent(&[part("name=\"text\"", body)]).await);
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(answer.detail.contains(words), "{}", answer.detail);
        }
        let long = vec![b'a'; TEXT_BYTES / 2 + 1];
        let answer = refused(sent(&[part("name=\"text\"", &long), part("name=\"added\"", &long)]).await);
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
        let answer = refused(send("application/x-www-form-urlencoded", vec![b'a'; TEXT_BYTES + 1]).await);
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
        let many: Vec<_> = (0..=MOST_PARTS).map(|_| part("name=\"added\"", b"a")).collect();
        assert_eq!(refused(sent(&many).await).status, StatusCode::UNPROCESSABLE_ENTITY);
    }

    #[tokio::test]
    async fn images_are_bounded_in_number_and_size() {
        let three = [file("1", b"1"), file("2", b"2"), file("3", b"3")];
        assert_eq!(sent(&three).await.unwrap().images.len(), 3);
        let answer = refused(sent(&[&three[..], &[file("4", b"4")]].concat()).await);
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer.fields[0].field, "images");
        assert!(answer.fields[0].message.contains("até 3 imagens"));

        let largest = vec![7; IMAGE_BYTES - 1];
        let upload = sent(&[file("1", &largest), file("2", &largest), file("3", &largest)]).await.unwrap();
        assert!(upload.images.iter().all(|image| image.len() == IMAGE_BYTES - 1 && image.capacity() <= IMAGE_BYTES));
        // What is too large is known by its last byte, and no more of it is kept.
        let upload = sent(&[file("1", &vec![7; 9 * 1024 * 1024])]).await.unwrap();
        assert_eq!((upload.images[0].len(), upload.images[0].capacity()), (IMAGE_BYTES, IMAGE_BYTES));
        let answer = refused(sent(&[file("1", &vec![7; LIMIT])]).await);
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert!(answer.detail.contains("imagens"), "{}", answer.detail);
    }

    #[tokio::test]
    async fn a_form_cut_anywhere_is_refused_without_a_word_of_it() {
        let body = whole(&[part("name=\"text\"", b"dor"), file("Zuleimara.png", b"picture")]);
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        // Without its last two bytes, the line end behind the last boundary, a form is whole.
        for end in 0..body.len() - 2 {
            let answer = refused(send(&kind, body[..end].to_vec()).await);
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{end}");
            assert!(!format!("{answer:?}").contains("Zuleimara"));
        }
        for kind in ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=other"] {
            assert_eq!(refused(send(kind, body.clone()).await).status, StatusCode::UNPROCESSABLE_ENTITY, "{kind}");
        }
        for kind in ["text/plain", "multipart/mixed; boundary=x", "image/png", ""] {
            assert_eq!(refused(send(kind, body.clone()).await).status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
        }
    }

    #[tokio::test]
    async fn a_document_is_one_file_and_bounded() {
        let paper = |body: &[u8]| part("name=\"prova\"; filename=\"p.pdf\"", body);
        let read = async |parts: &[Vec<u8>]| {
            let request = Request::post("/")
                .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"))
                .body(Body::from(whole(parts)))
                .unwrap();
            Document::from_request(request, &()).await
        };
        let one = read(&[part("name=\"canal\"", b"letter"), paper(b"%PDF-1")]).await.ok().unwrap();
        assert_eq!((one.fields.text("canal"), &one.file[..]), ("letter", &b"%PDF-1"[..]));
        let none =
            read(&[part("name=\"prova\"; filename=\"\"", b""), part("name=\"canal\"", b"x")]).await.ok().unwrap();
        assert!(none.file.is_empty());
        let two = read(&[paper(b"%PDF-1"), paper(b"%PDF-2")]).await.err().unwrap();
        assert_eq!(two.status, StatusCode::UNPROCESSABLE_ENTITY);
        let large = read(&[paper(&vec![0; IMAGE_BYTES + 10])]).await.ok().unwrap();
        assert_eq!(large.file.len(), IMAGE_BYTES, "one byte too many, for whoever checks");
        let huge = read(&[paper(&vec![0; 2 * IMAGE_BYTES])]).await.err().unwrap();
        assert_eq!(huge.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert!(huge.detail.contains("5 MB"));
    }
}
