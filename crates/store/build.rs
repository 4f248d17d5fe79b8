//! Turns `queries/*.sql` into constants and embeds the migrations, so that the binary carries every
//! statement it can run and a reader finds them all in two folders.

use std::{env, fmt::Write as _, fs, io, path::Path};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = env::var("CARGO_MANIFEST_DIR")?;
    let out = env::var("OUT_DIR")?;
    let queries = Path::new(&root).join("queries");
    let migrations = Path::new(&root).join("../../migrations");
    println!("cargo::rerun-if-changed={}", queries.display());
    println!("cargo::rerun-if-changed={}", migrations.display());
    fs::write(Path::new(&out).join("statements.rs"), statements(&queries)?)?;
    fs::write(Path::new(&out).join("migrations.rs"), embedded("MIGRATIONS", &migrations)?)?;
    // The keystore is another database.
    let queries = Path::new(&root).join("queries-keystore");
    let migrations = Path::new(&root).join("../../migrations-keystore");
    println!("cargo::rerun-if-changed={}", queries.display());
    println!("cargo::rerun-if-changed={}", migrations.display());
    fs::write(Path::new(&out).join("keystore_statements.rs"), statements(&queries)?)?;
    fs::write(Path::new(&out).join("keystore_migrations.rs"), embedded("KEYSTORE_MIGRATIONS", &migrations)?)?;
    Ok(())
}

/// One constant a statement. A statement begins with `-- feature.operation: what it does`.
fn statements(folder: &Path) -> Result<String, Box<dyn std::error::Error>> {
    let mut code = String::new();
    let mut all = String::new();
    for (feature, path) in sorted(folder)? {
        writeln!(code, "/// Statements of `queries/{feature}.sql`.\npub mod {feature} {{")?;
        let text = fs::read_to_string(&path)?;
        for chunk in text.split("\n-- ").map(|chunk| chunk.trim_start_matches("-- ")) {
            let (head, body) = chunk.split_once('\n').ok_or("a statement needs a body")?;
            let (name, purpose) = head.split_once(": ").ok_or_else(|| format!("`{head}` has no purpose"))?;
            let operation =
                name.strip_prefix(&format!("{feature}.")).ok_or_else(|| format!("`{name}` is not of {feature}.sql"))?;
            let sql = format!("-- {name}\n{}", body.trim().trim_end_matches(';'));
            let constant = operation.to_uppercase();
            writeln!(code, "    /// {purpose}.\n    pub const {constant}: &str = {sql:?};")?;
            writeln!(all, "    ({name:?}, {feature}::{constant}),")?;
        }
        code.push_str("}\n");
    }
    write!(code, "/// Every statement by name.\npub const ALL: &[(&str, &str)] = &[\n{all}];\n")?;
    Ok(code)
}

fn embedded(constant: &str, folder: &Path) -> Result<String, Box<dyn std::error::Error>> {
    let mut code = format!("const {constant}: &[(i64, &str, &str)] = &[\n");
    for (stem, path) in sorted(folder)? {
        let (number, title) = stem.split_once('_').ok_or("a migration is NNNN_title.sql")?;
        let number: i64 = number.parse()?;
        writeln!(code, "    ({number}, {title:?}, include_str!({:?})),", path.canonicalize()?)?;
    }
    code.push_str("];\n");
    Ok(code)
}

fn sorted(folder: &Path) -> io::Result<Vec<(String, std::path::PathBuf)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "sql")
            && let Some(stem) = path.file_stem().and_then(|s| s.to_str())
        {
            files.push((stem.to_owned(), path.clone()));
        }
    }
    files.sort();
    Ok(files)
}
