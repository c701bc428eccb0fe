//! Deploys the template as it is, with the SAM CLI, as it is deployed to AWS.
//!
//! Packing the functions takes most of the time, so the packed form is kept and used again until the template, the
//! state machine or a binary changes.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
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
        self.aws
            .call("s3", "create_bucket", json!({ "Bucket": BUCKET }))
            .await?;
        let packaged = self.package(functions).await?;

        let mut deploy = self.sam();
        deploy
            .arg("deploy")
            .arg("--template-file")
            .arg(&packaged)
            .args([
                "--stack-name",
                STACK,
                "--s3-bucket",
                BUCKET,
                "--region",
                REGION,
            ])
            .args(["--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"])
            .args([
                "--no-confirm-changeset",
                "--no-progressbar",
                "--parameter-overrides",
            ]);
        for (name, value) in parameters {
            deploy.arg(format!("{name}={value}"));
        }
        self.console.say("deploy", "template.yaml, unmodified");
        process::run(
            "deploy the template",
            deploy,
            &self.run.join("deploy.log"),
            |_| {},
        )
        .await?;
        self.outputs().await
    }

    /// The template with the addresses of the packed functions, and the packages in the emulator.
    async fn package(&self, functions: &[Function]) -> Result<PathBuf> {
        let _lock = self.workspace.lock("packages").await?;
        let kept = self.workspace.private().join("packages");
        let packaged = self.run.join("packaged.yaml");
        let state = self.state(functions)?;
        if std::fs::read_to_string(kept.join("state")).is_ok_and(|kept| kept == state) {
            for key in packages_in(&kept)? {
                let body = kept.join("objects").join(&key);
                self.aws.put_object(BUCKET, &key, &body).await?;
            }
            std::fs::copy(kept.join("packaged.yaml"), &packaged)
                .context("cannot use the kept packages")?;
            return Ok(packaged);
        }

        self.console.say(
            "deploy",
            format_args!("packing {} functions", functions.len()),
        );
        let mut package = self.sam();
        package
            .arg("package")
            .arg("--template-file")
            .arg(self.workspace.template())
            .arg("--output-template-file")
            .arg(&packaged)
            .args([
                "--s3-bucket",
                BUCKET,
                "--region",
                REGION,
                "--no-progressbar",
            ]);
        process::run(
            "pack the functions",
            package,
            &self.run.join("package.log"),
            |_| {},
        )
        .await?;

        if kept.exists() {
            std::fs::remove_dir_all(&kept).context("cannot remove the old packages")?;
        }
        let objects = kept.join("objects");
        std::fs::create_dir_all(&objects)
            .with_context(|| format!("cannot create {}", objects.display()))?;
        for object in self
            .aws
            .list(
                "s3",
                "list_objects_v2",
                json!({ "Bucket": BUCKET }),
                "Contents",
            )
            .await?
        {
            let key = object["Key"].as_str().context("an object without a key")?;
            self.aws.get_object(BUCKET, key, &objects.join(key)).await?;
        }
        std::fs::copy(&packaged, kept.join("packaged.yaml"))
            .context("cannot keep the packed template")?;
        std::fs::write(kept.join("state"), state)
            .context("cannot keep the state of the packages")?;
        Ok(packaged)
    }

    /// Changes whenever something that is packed does.
    fn state(&self, functions: &[Function]) -> Result<String> {
        let mut state = String::new();
        let template = self.workspace.template();
        let machine = self.workspace.root.join("infra/association.asl.json");
        let pins = self.workspace.script("requirements/deploy.txt");
        for file in [&template, &machine, &pins]
            .into_iter()
            .chain(functions.iter().map(|f| &f.bootstrap))
        {
            // Writing to a String cannot fail.
            let _ = writeln!(state, "{} {}", file.display(), fingerprint(file)?);
        }
        Ok(state)
    }

    fn sam(&self) -> Command {
        let mut command = Command::new(&self.tools.deploy);
        command
            .arg(self.workspace.script("sam.py"))
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
        let answer = self
            .aws
            .call(
                "cloudformation",
                "describe_stacks",
                json!({ "StackName": STACK }),
            )
            .await?;
        let outputs = answer["Stacks"][0]["Outputs"]
            .as_array()
            .context("the stack has no outputs")?;
        Ok(outputs
            .iter()
            .filter_map(|output| {
                Some((
                    output["OutputKey"].as_str()?.to_owned(),
                    output["OutputValue"].as_str()?.to_owned(),
                ))
            })
            .collect())
    }
}

fn packages_in(kept: &Path) -> Result<Vec<String>> {
    let objects = kept.join("objects");
    std::fs::read_dir(&objects)
        .with_context(|| format!("cannot read {}", objects.display()))?
        .map(|entry| {
            let name = entry.context("cannot read the kept packages")?.file_name();
            name.into_string()
                .ok()
                .context("a kept package has an odd name")
        })
        .collect()
}
