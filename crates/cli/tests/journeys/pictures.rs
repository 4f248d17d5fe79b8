//! What of an image reaches the model.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sigilo_standin::llm::Seen;

/// The name in the fixtures' metadata and in their file names.
const WORDS: [&str; 3] = ["Zuleimara", "Xavantelo", "ZULEIMARA"];

/// Of the requests that carry images: each image is whole, of the type that it says, and without a word of metadata.
pub fn in_bodies(requests: &[Seen]) {
    let mut images = 0;
    for request in requests {
        for word in WORDS {
            assert!(!request.body.contains(word), "{word} left the installation");
        }
        let body = request.json();
        for message in body["messages"].as_array().expect("messages") {
            for block in message["content"].as_array().into_iter().flatten().filter(|block| block["type"] == "image") {
                images += 1;
                let source = &block["source"];
                let bytes = STANDARD.decode(source["data"].as_str().expect("base64")).expect("base64");
                let start: &[u8] = match source["media_type"].as_str() {
                    Some("image/jpeg") => b"\xff\xd8\xff",
                    Some("image/png") => b"\x89PNG\r\n\x1a\n",
                    Some("image/webp") => b"RIFF",
                    other => panic!("{other:?}"),
                };
                assert!(bytes.starts_with(start));
                for word in WORDS {
                    let found = bytes.windows(word.len()).any(|window| window == word.as_bytes());
                    assert!(!found, "{word} in an image that left");
                }
            }
        }
    }
    assert!(images >= 3, "{images} images reached the model");
}
