//! Images that came with a question: checked, cleaned, kept in memory only, and accounted for when they are gone.

use std::sync::{Arc, Mutex, PoisonError};

use data_encoding::HEXLOWER;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use serde_json::json;
use sigilo_domain::Clock;
use sigilo_image::{Image, MAX_IMAGES};
use sigilo_store::{
    Action, Event, Risk, Session, WriteTx,
    answer::{self as rows, DiscardedImage},
};

use super::{MemoryChecks, desk::Running};
use crate::{App, Error, Result};

/// A checked image on its way to the model.
pub struct Attached {
    pub(super) image: Arc<Image>,
    trace: Trace,
}

/// What remains of an image.
#[derive(Clone)]
struct Trace {
    hash: String,
    bytes: i32,
    mime: &'static str,
    width: i32,
    height: i32,
    removed: Vec<String>,
    received: OffsetDateTime,
    discarded: Arc<Mutex<Option<OffsetDateTime>>>,
}

/// Checks and cleans images as they came. Nothing of a refused one remains.
///
/// # Errors
/// [`Error::Invalid`] for `images`, naming the first that was refused by its position, or for `conferi` when the
/// doctor did not confirm to have looked for names in them.
pub fn prepare(app: &App, images: Vec<Zeroizing<Vec<u8>>>, confirmed: bool) -> Result<Vec<Attached>> {
    if images.len() > MAX_IMAGES {
        return Err(Error::field("images", "São até 3 imagens por mensagem."));
    }
    if !images.is_empty() && !confirmed {
        return Err(Error::field(
            "conferi",
            "Confirme que conferiu as imagens: nome, data e outros dados do paciente não podem aparecer.",
        ));
    }
    images.into_iter().enumerate().map(|(at, bytes)| attach(app, at + 1, bytes)).collect()
}

fn attach(app: &App, position: usize, bytes: Zeroizing<Vec<u8>>) -> Result<Attached> {
    let received = app.now();
    let hash = HEXLOWER.encode(&sigilo_proof::sha256(&bytes));
    let size = i32::try_from(bytes.len()).unwrap_or(i32::MAX);
    let mut image = Image::read(bytes)
        .map_err(|refusal| Error::field("images", format!("Imagem {position}: {}", refusal.sentence())))?;
    let discarded = Arc::new(Mutex::new(None));
    let trace = Trace {
        hash,
        bytes: size,
        mime: image.format().mime(),
        width: i32::try_from(image.width()).unwrap_or(i32::MAX),
        height: i32::try_from(image.height()).unwrap_or(i32::MAX),
        removed: image.removed().iter().map(|&name| name.to_owned()).collect(),
        received,
        discarded: discarded.clone(),
    };
    let clock: Arc<dyn Clock> = app.shared_clock();
    image.on_discard(move || {
        *discarded.lock().unwrap_or_else(PoisonError::into_inner) = Some(clock.now());
    });
    Ok(Attached { image: Arc::new(image), trace })
}

/// What is to be recorded of the images of one question.
pub(super) struct Traces(Vec<Trace>);

impl Traces {
    /// Takes the images apart: the pictures for the provider, the traces for the log.
    pub(super) fn split(attached: Vec<Attached>) -> (Vec<Arc<Image>>, Traces) {
        let (images, traces) = attached.into_iter().map(|one| (one.image, one.trace)).unzip();
        (images, Traces(traces))
    }

    /// Records that the images are gone. To be called after the last holder let go of them. The proof does not depend on a
    /// session that may have ended meanwhile: then the installation writes it.
    ///
    /// # Errors
    /// Those of the database; and [`Error::Internal`] when an image is still held somewhere.
    pub(super) async fn record(&self, app: &App, session: &Session, running: &Running, left: bool) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let memory = app.assistant().memory;
        let images = self.0.iter().map(|trace| trace.discarded_image(memory, left)).collect::<Option<Vec<_>>>();
        let images = images.ok_or_else(|| {
            tracing::error!("an image was still held after its answer");
            Error::Internal
        })?;
        let (conversation, answer) = (running.conversation(), running.id());
        let written = app
            .db()
            .write(session, async |tx: &WriteTx| {
                rows::add_images(tx, conversation, answer, &images).await?;
                let event = Event {
                    name: "images_discarded",
                    action: Action::Delete,
                    resource_type: "image_processing_logs",
                    resource_id: Some(answer.to_string()),
                    details: json!({
                        "images": images.len(),
                        "hashes": images.iter().map(|image| &image.hash).collect::<Vec<_>>(),
                        "memory_checks": memory,
                    }),
                    risk: Risk::Low,
                };
                Ok(((), event))
            })
            .await;
        match written {
            Err(Error::NotSignedIn | Error::Locked) => {
                Ok(rows::add_images_late(app.db(), running.owner(), conversation, answer, &images).await?)
            }
            other => other,
        }
    }
}

impl Trace {
    fn discarded_image(&self, memory: MemoryChecks, left: bool) -> Option<DiscardedImage> {
        let discarded_at = (*self.discarded.lock().unwrap_or_else(PoisonError::into_inner))?;
        let duration = (discarded_at - self.received).whole_milliseconds();
        Some(DiscardedImage {
            hash: self.hash.clone(),
            bytes: self.bytes,
            mime: self.mime,
            processed_at: self.received,
            discarded_at: discarded_at.max(self.received),
            duration_ms: i32::try_from(duration).unwrap_or(i32::MAX).max(0),
            // Whatever left this process was processed elsewhere, in memory as far as we can tell.
            storage_proof: if left { "processed_in_memory" } else { "never_stored" },
            width: self.width,
            height: self.height,
            removed_metadata: self.removed.clone(),
            memory_checks: json!(memory),
        })
    }
}
