//! Where things are: the checkout, cargo and its target folder, and the private folder that git ignores.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

/// The checkout that this binary was built from.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// The folder of `template.yaml`.
    pub root: PathBuf,
    /// The cargo that started us, so that the functions are built by the same toolchain.
    pub cargo: PathBuf,
    /// Cargo's target folder, however it was set.
    pub target: PathBuf,
    /// Every binary of the workspace and the package that makes it.
    pub binaries: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Metadata {
    target_directory: PathBuf,
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

impl Workspace {
    /// Asks cargo about the checkout.
    pub async fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .nth(2)
            .context("the crate does not lie two folders below the checkout")?
            .to_path_buf();
        ensure!(
            root.join("Cargo.toml").is_file(),
            "the checkout this binary was built from is gone: {} (build it again where it is now)",
            root.display()
        );
        let cargo = environment("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
        let output = tokio::process::Command::new(&cargo)
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .current_dir(&root)
            .kill_on_drop(true)
            .output()
            .await
            .with_context(|| format!("cannot run {}", cargo.display()))?;
        if !output.status.success() {
            bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let metadata: Metadata =
            serde_json::from_slice(&output.stdout).context("cargo metadata answered something unexpected")?;
        let binaries = metadata
            .packages
            .into_iter()
            .flat_map(|package| {
                package
                    .targets
                    .into_iter()
                    .filter(|target| target.kind.iter().any(|kind| kind == "bin"))
                    .map(move |target| (target.name, package.name.clone()))
            })
            .collect();
        Ok(Self { root, cargo, target: metadata.target_directory, binaries })
    }

    /// The folder for tools, logs and receipts.
    #[must_use]
    pub fn private(&self) -> PathBuf {
        self.root.join(".mooring")
    }

    /// The template that is deployed.
    #[must_use]
    pub fn template(&self) -> PathBuf {
        self.root.join("template.yaml")
    }

    /// A script that is part of this crate.
    #[must_use]
    pub fn script(&self, name: &str) -> PathBuf {
        self.root.join("infra/local/python").join(name)
    }

    /// Takes the named lock, waiting while another start holds it. It is released when the file is dropped.
    pub async fn lock(&self, name: &str) -> Result<File> {
        let folder = self.private();
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let path = folder.join(format!("{name}.lock"));
        let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
        tokio::task::spawn_blocking(move || file.lock().map(|()| file))
            .await?
            .with_context(|| format!("cannot lock {}", path.display()))
    }

    /// A new folder for one run's logs and temporary files. Those of earlier runs go, except the newest three
    /// and those of runs that still hold their lock.
    pub fn new_run(&self) -> Result<Run> {
        let runs = self.private().join("run");
        std::fs::create_dir_all(&runs).with_context(|| format!("cannot create {}", runs.display()))?;
        let mut earlier: Vec<u64> = std::fs::read_dir(&runs)
            .with_context(|| format!("cannot read {}", runs.display()))?
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .collect();
        earlier.sort_unstable();
        for number in earlier.iter().rev().skip(3) {
            let folder = runs.join(number.to_string());
            let abandoned = File::open(folder.join("lock")).is_ok_and(|lock| lock.try_lock().is_ok());
            if abandoned {
                // Another start may be removing it too.
                let _ = std::fs::remove_dir_all(&folder);
            }
        }
        let mut number = earlier.last().copied().unwrap_or(0) + 1;
        let folder = loop {
            let folder = runs.join(number.to_string());
            match std::fs::create_dir(&folder) {
                Ok(()) => break folder,
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => {
                    return Err(error).with_context(|| format!("cannot create {}", folder.display()));
                }
            }
        };
        let lock = File::create(folder.join("lock")).context("cannot create the run's lock")?;
        lock.try_lock().context("cannot take the run's lock")?;
        Ok(Run { folder, _lock: lock })
    }
}

/// One run's folder. While this lives, no other start removes it.
#[derive(Debug)]
pub struct Run {
    /// Logs, `stack.json` and temporary files.
    pub folder: PathBuf,
    _lock: File,
}

/// Reads a variable that belongs to the developer's machine, not to the product's configuration.
#[expect(
    clippy::disallowed_methods,
    reason = "PATH and CARGO are the machine's; the product's own are read in ops::config"
)]
pub(crate) fn environment(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
