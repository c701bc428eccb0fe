//! Deploys the template as it is, with the SAM CLI, as it is deployed to AWS.
//!
//! Packing is done here rather than by `sam package`, which packs every function anew at every start: a package is
//! kept until its binary changes. What is deployed is the template as it is, with the addresses of the packages in
//! place of the folders, exactly as `sam package` writes it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::aws::Aws;
use crate::console::Console;
use crate::emulator::REGION;
use crate::functions::{Function, fingerprint};
use crate::process;
use crate::tools::Tools;
use crate::workspace::{Workspace, environment};

/// The stack's name, which is also the prefix of the functions' names.
pub const STACK: &str = "mooring";
/// Where the packed functions lie in the emulator.
const BUCKET: &str = "mooring-packages";

/// The state machine, as the template names it.
const STATE_MACHINE: &str = "infra/association.asl.json";

/// What the deployment needs.
pub(crate) struct Deployment<'a> {
    pub(crate) workspace: &'a Workspace,
    pub(crate) tools: &'a Tools,
    pub(crate) run: &'a Path,
    pub(crate) aws: &'a Aws,
    pub(crate) emulator: &'a str,
    pub(crate) console: &'a Console,
}

impl Deployment<'_> {
    /// Packs and deploys; answers with the stack's outputs.
    pub(crate) async fn deploy(
        &self,
        functions: &[Function],
        parameters: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>> {
        self.aws.call("s3", "create_bucket", json!({ "Bucket": BUCKET })).await?;
        let packaged = self.package(functions).await?;

        let mut deploy = self.sam();
        deploy
            .arg("deploy")
            .arg("--template-file")
            .arg(&packaged)
            .args(["--stack-name", STACK, "--s3-bucket", BUCKET, "--region", REGION])
            .args(["--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"])
            .args(["--no-confirm-changeset", "--no-progressbar", "--parameter-overrides"]);
        for (name, value) in parameters {
            deploy.arg(format!("{name}={value}"));
        }
        self.console.say("deploy", "template.yaml, unmodified");
        process::run("deploy the template", deploy, &self.run.join("deploy.log"), |_| {}).await?;
        self.outputs().await
    }

    /// The template with the addresses of the packed functions, and the packages in the emulator.
    async fn package(&self, functions: &[Function]) -> Result<PathBuf> {
        // Until the packages are in the emulator: another start may remove those it has no use for.
        let _lock = self.workspace.lock("packages").await?;
        let template = self.workspace.template();
        let mut text =
            std::fs::read_to_string(&template).with_context(|| format!("cannot read {}", template.display()))?;
        for (function, package) in functions.iter().zip(self.packages(functions).await?) {
            let key = package.file_name().and_then(|name| name.to_str()).context("a package without a name")?;
            self.aws.put_object(BUCKET, key, &package).await?;
            text = with_address(&text, "CodeUri", &function.folder, key)?;
        }
        let machine = self.workspace.root.join(STATE_MACHINE);
        self.aws.put_object(BUCKET, "association.asl.json", &machine).await?;
        text = with_address(&text, "DefinitionUri", STATE_MACHINE, "association.asl.json")?;
        let packaged = self.run.join("packaged.yaml");
        std::fs::write(&packaged, text).with_context(|| format!("cannot write {}", packaged.display()))?;
        Ok(packaged)
    }

    /// One zip a function; only those whose binary changed are made.
    async fn packages(&self, functions: &[Function]) -> Result<Vec<PathBuf>> {
        let kept = self.workspace.private().join("packages");
        std::fs::create_dir_all(&kept).with_context(|| format!("cannot create {}", kept.display()))?;
        let mut packages = Vec::new();
        let mut pack = Command::new(&self.tools.emulator);
        pack.arg(self.workspace.script("pack.py"));
        let mut missing = 0;
        for function in functions {
            let state = fingerprint(&function.bootstrap)?.replace(' ', "-");
            let package = kept.join(format!("{}-{state}.zip", function.name));
            if !package.is_file() {
                missing += 1;
                let folder = function.bootstrap.parent().context("a bootstrap lies in a folder")?;
                let mut pair = folder.as_os_str().to_owned();
                pair.push("=");
                pair.push(&package);
                pack.arg(pair);
            }
            packages.push(package);
        }
        if missing > 0 {
            self.console.say("deploy", format_args!("packing {missing} functions"));
            process::run("pack the functions", pack, &self.run.join("package.log"), |_| {}).await?;
        }
        remove_others(&kept, &packages);
        Ok(packages)
    }

    fn sam(&self) -> Command {
        let mut command = Command::new(&self.tools.deploy);
        command
            .args(["-m", "samcli"])
            // Beside the template, because it names its functions and the state machine from there.
            .current_dir(&self.workspace.root)
            .env_clear()
            .env("PATH", environment("PATH").unwrap_or_default())
            .env("HOME", self.run)
            .env("LANG", "C.UTF-8")
            .env("SAM_CLI_TELEMETRY", "0")
            // Five seconds between looks are meant for AWS.
            .env("SAM_CLI_POLL_DELAY", "0.2")
            .env("AWS_ENDPOINT_URL", self.emulator)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_DEFAULT_REGION", REGION);
        command
    }

    async fn outputs(&self) -> Result<BTreeMap<String, String>> {
        let answer = self.aws.call("cloudformation", "describe_stacks", json!({ "StackName": STACK })).await?;
        let outputs = answer["Stacks"][0]["Outputs"].as_array().context("the stack has no outputs")?;
        Ok(outputs
            .iter()
            .filter_map(|output| {
                Some((output["OutputKey"].as_str()?.to_owned(), output["OutputValue"].as_str()?.to_owned()))
            })
            .collect())
    }
}

/// The template with one folder or file replaced by the address of what was packed from it.
fn with_address(template: &str, property: &str, path: &str, key: &str) -> Result<String> {
    let mut found = false;
    let lines: Vec<String> = template
        .lines()
        .map(|line| {
            let (indent, rest) = line.split_at(line.len() - line.trim_start().len());
            let is_it = rest
                .strip_prefix(property)
                .and_then(|rest| rest.strip_prefix(':'))
                .is_some_and(|value| value.trim().trim_matches(['"', '\'']) == path);
            if !is_it {
                return line.to_owned();
            }
            found = true;
            format!("{indent}{property}: s3://{BUCKET}/{key}")
        })
        .collect();
    ensure!(found, "the template has no {property}: {path}");
    Ok(lines.join("\n") + "\n")
}

/// Packages of binaries that are no more.
fn remove_others(kept: &Path, packages: &[PathBuf]) {
    for entry in std::fs::read_dir(kept).into_iter().flatten().flatten() {
        let path = entry.path();
        if !packages.contains(&path) {
            // What cannot be removed is in nobody's way.
            let _ = std::fs::remove_file(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_address_changes_in_the_packed_template() {
        let template =
            "A:\n  CodeUri: target/lambda/a/\n  # CodeUri: target/lambda/b/\nB:\n  CodeUri: 'target/lambda/b/'\n";
        let packed = with_address(template, "CodeUri", "target/lambda/b/", "b-1.zip").unwrap();
        assert_eq!(
            packed,
            "A:\n  CodeUri: target/lambda/a/\n  # CodeUri: target/lambda/b/\nB:\n  CodeUri: s3://mooring-packages/b-1.zip\n"
        );
        assert!(with_address(template, "CodeUri", "target/lambda/c/", "c").is_err());
    }
}
