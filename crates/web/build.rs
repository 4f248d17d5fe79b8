//! The pages need their style sheet and scripts inside the binary. Without them the build stops
//! here, with the command to run, rather than in a browser.

use std::env;
use std::path::Path;

fn main() {
    let root = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    let assets = Path::new(&root).join("../../web-assets");
    let manifest = assets.join("dist/manifest.json");
    println!("cargo::rerun-if-changed={}", manifest.display());
    if !manifest.is_file() {
        println!(
            "cargo::error=the browser assets are not built: run `scripts/assets`, or `npm ci && npm run build` in web-assets/"
        );
    }
}
