//! Turns the language files into sorted tables, so that nothing is parsed when a function starts.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=languages");
    let mut files = Vec::new();
    for entry in fs::read_dir("languages")? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    files.sort();
    let mut tables = String::from("pub(crate) static LANGUAGES: &[Language] = &[\n");
    for file in files {
        println!("cargo::rerun-if-changed={}", file.display());
        let tag = file.file_stem().and_then(|stem| stem.to_str()).ok_or("a language file needs a tag as its name")?;
        let words: BTreeMap<String, String> =
            toml::from_str(&fs::read_to_string(&file)?).map_err(|error| format!("{}: {error}", file.display()))?;
        tables.push_str(&format!("    Language {{ tag: {tag:?}, words: &[\n"));
        for (id, said) in words {
            tables.push_str(&format!("        ({id:?}, {said:?}),\n"));
        }
        tables.push_str("    ] },\n");
    }
    tables.push_str("];\n");
    #[expect(clippy::disallowed_methods, reason = "cargo tells a build script its output folder in the environment")]
    let out = std::env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("languages.rs"), tables)?;
    Ok(())
}
