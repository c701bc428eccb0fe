//! Turns the language files into sorted tables, so that nothing is parsed when a function starts.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=languages");
    let mut tables = String::from("pub(crate) static LANGUAGES: &[Language] = &[\n");
    let mut files: Vec<_> = fs::read_dir("languages")
        .expect("the folder of languages")
        .map(|entry| entry.expect("an entry of the folder of languages").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    for file in files {
        println!("cargo::rerun-if-changed={}", file.display());
        let tag = file.file_stem().and_then(|stem| stem.to_str()).expect("a language tag as file name").to_owned();
        let content = fs::read_to_string(&file).expect("a readable language file");
        let words: BTreeMap<String, String> =
            toml::from_str(&content).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        tables.push_str(&format!("    Language {{ tag: {tag:?}, words: &[\n"));
        for (id, said) in words {
            tables.push_str(&format!("        ({id:?}, {said:?}),\n"));
        }
        tables.push_str("    ] },\n");
    }
    tables.push_str("];\n");
    let out = env::var("OUT_DIR").expect("cargo's output folder");
    fs::write(Path::new(&out).join("languages.rs"), tables).expect("the tables to be written");
}
