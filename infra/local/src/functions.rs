//! Builds the functions and lays each binary where the template expects it.
//!
//! The template is the only list of functions: every `CodeUri` in it names a folder, and the folder's name is the
//! binary's. All are built in one go, because cargo unifies features over what is selected and single builds would
//! compile the same crates again and again.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result, bail, ensure};

use crate::console::Console;
use crate::process;
use crate::workspace::Workspace;

/// One function and where its binary lies for the deployment.
#[derive(Debug, Clone)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// The folder, as the template writes it.
    pub(crate) folder: String,
    pub(crate) bootstrap: PathBuf,
}

/// The functions that the template names.
pub(crate) fn in_template(template: &Path) -> Result<Vec<Function>> {
    let text = std::fs::read_to_string(template).with_context(|| format!("cannot read {}", template.display()))?;
    let root = template.parent().context("the template lies in no folder")?;
    let mut functions: Vec<Function> = code_folders(&text)
        .map(|folder| {
            let name = folder.trim_end_matches('/').rsplit('/').next().unwrap_or(folder).to_owned();
            Function { name, folder: folder.to_owned(), bootstrap: root.join(folder).join("bootstrap") }
        })
        .collect();
    functions.sort_by(|one, other| one.name.cmp(&other.name));
    functions.dedup_by(|one, other| one.name == other.name);
    ensure!(!functions.is_empty(), "{} names no function by CodeUri", template.display());
    Ok(functions)
}

fn code_folders(template: &str) -> impl Iterator<Item = &str> {
    template
        .lines()
        .filter_map(|line| line.trim().strip_prefix("CodeUri:"))
        .map(|value| value.trim().trim_matches(['"', '\'']))
        .filter(|value| !value.is_empty())
}

/// Builds all functions and lays their binaries out.
pub(crate) async fn build(workspace: &Workspace, console: &Console) -> Result<Vec<Function>> {
    let functions = in_template(&workspace.template())?;
    for function in &functions {
        ensure!(
            workspace.binaries.contains_key(&function.name),
            "the template names the function {}, but no crate of the workspace builds a binary of that name",
            function.name
        );
    }
    let mut command = Command::new(&workspace.cargo);
    command.arg("build").arg("--workspace").arg("--bins").current_dir(&workspace.root);
    for name in INHERITED {
        // They describe the crate that is running now and would make cargo build others anew.
        command.env_remove(name);
    }
    if console.is_quiet() {
        command.arg("--quiet");
    }
    console.say("functions", "building (cargo's own progress follows when there is something to do)");
    process::run_visibly("build the functions", command).await?;

    let _lock = workspace.lock("functions").await?;
    let built = workspace.target.join("debug");
    let waiting = functions.clone();
    tokio::task::spawn_blocking(move || waiting.iter().try_for_each(|function| lay_out(&built, function))).await??;
    console.say("functions", format_args!("{} binaries ready", functions.len()));
    Ok(functions)
}

/// Variables that cargo sets for the program it runs.
const INHERITED: [&str; 14] = [
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_PATH",
    "CARGO_PKG_NAME",
    "CARGO_PKG_VERSION",
    "CARGO_PKG_VERSION_MAJOR",
    "CARGO_PKG_VERSION_MINOR",
    "CARGO_PKG_VERSION_PATCH",
    "CARGO_PKG_VERSION_PRE",
    "CARGO_PKG_DESCRIPTION",
    "CARGO_PKG_AUTHORS",
    "CARGO_PKG_LICENSE",
    "CARGO_PKG_REPOSITORY",
    "CARGO_PKG_RUST_VERSION",
    "LD_LIBRARY_PATH",
];

fn lay_out(built: &Path, function: &Function) -> Result<()> {
    let source = built.join(&function.name);
    let wanted = fingerprint(&source).with_context(|| format!("the build made no {}", source.display()))?;
    let folder = function.bootstrap.parent().context("a bootstrap lies in a folder")?;
    // Beside the folder, so that it does not become part of the package.
    let stamp = folder.with_extension("built");
    if function.bootstrap.is_file() && std::fs::read_to_string(&stamp).is_ok_and(|stamp| stamp == wanted) {
        return Ok(());
    }
    std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let fresh = folder.with_extension("fresh");
    // Without symbols a debug binary is a fraction of the size, and so are the time to pack and to start it.
    let stripped = Command::new("strip").arg("-o").arg(&fresh).arg(&source).output();
    if !stripped.is_ok_and(|output| output.status.success()) {
        std::fs::copy(&source, &fresh).with_context(|| format!("cannot copy {}", source.display()))?;
    }
    std::fs::rename(&fresh, &function.bootstrap)
        .with_context(|| format!("cannot lay out {}", function.bootstrap.display()))?;
    std::fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))
}

/// Changes whenever the file does.
pub(crate) fn fingerprint(file: &Path) -> Result<String> {
    let metadata = std::fs::metadata(file).with_context(|| format!("cannot read {}", file.display()))?;
    let modified = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .with_context(|| format!("{} has no time of change", file.display()))?;
    if !metadata.is_file() {
        bail!("{} is no file", file.display());
    }
    Ok(format!("{} {}", metadata.len(), modified.as_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_the_list_of_functions() {
        let template =
            "Resources:\n  A:\n    CodeUri: target/lambda/sign-in/\n  B:\n    CodeUri: 'target/lambda/signup'\n";
        let folders: Vec<_> = code_folders(template).collect();
        assert_eq!(folders, ["target/lambda/sign-in/", "target/lambda/signup"]);
    }
}
