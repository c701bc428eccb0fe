//! The AWS emulator as a process on loopback. It enforces IAM, keeps nothing between runs and knows nothing of the
//! machine's own AWS configuration.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::process::Service;
use crate::tools::Tools;
use crate::workspace::{Workspace, environment};

/// The one region of the local stack.
pub const REGION: &str = "us-east-1";
/// How long the emulator may take to answer for the first time.
const START: Duration = Duration::from_secs(60);

/// The running emulator. It stops when this is dropped.
#[derive(Debug)]
pub(crate) struct Emulator {
    pub(crate) port: u16,
    _service: Service,
}

impl Emulator {
    /// Starts the emulator; functions are given `functions_endpoint` as the address of AWS.
    pub(crate) async fn start(
        workspace: &Workspace,
        tools: &Tools,
        run: &Path,
        port: u16,
        functions_endpoint: &str,
        enforce_iam: bool,
        wait_scale: f64,
    ) -> Result<Self> {
        let temporary = run.join("tmp");
        std::fs::create_dir_all(&temporary).with_context(|| format!("cannot create {}", temporary.display()))?;
        let mut command = Command::new(&tools.emulator);
        command
            .arg(workspace.script("emulator.py"))
            .current_dir(run)
            // The emulator hands its own environment on to the functions, so it gets only what is named here.
            .env_clear()
            .env("PATH", environment("PATH").unwrap_or_default())
            .env("HOME", run)
            .env("LANG", "C.UTF-8")
            .env("TMPDIR", &temporary)
            .env("PYTHONUNBUFFERED", "1")
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            .env("MINISTACK_REGION", REGION)
            .env("AUTH", enforce_iam.to_string())
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_ENDPOINT_URL", functions_endpoint)
            .env("S3_DATA_DIR", run.join("s3"))
            .env("STATE_DIR", run.join("state"))
            .env("LAMBDA_EXECUTOR", "local")
            // These two would listen on all interfaces.
            .env("IOT_MTLS_ENABLED", "0")
            .env("SFTP_ENABLED", "0");
        if (wait_scale - 1.0).abs() > f64::EPSILON {
            command.env("SFN_WAIT_SCALE", wait_scale.to_string());
        }
        let mut service = Service::start("the AWS emulator", command, &run.join("emulator.log"))?;
        let client = reqwest::Client::builder().timeout(Duration::from_secs(2)).build()?;
        let health = format!("http://127.0.0.1:{port}/_ministack/health");
        let deadline = Instant::now() + START;
        loop {
            service.check()?;
            if client.get(&health).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(Self { port, _service: service });
            }
            if Instant::now() > deadline {
                bail!("the AWS emulator did not answer within {} s; see its log in {}", START.as_secs(), run.display());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// A port that nobody listens on now; the asked one, or a clear error when it is taken.
pub(crate) fn free_port(asked: Option<u16>, whose: &str) -> Result<u16> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, asked.unwrap_or(0)));
    match TcpListener::bind(address).and_then(|listener| listener.local_addr()) {
        Ok(address) => Ok(address.port()),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => bail!(
            "port {} for {whose} is in use by another program (another `cargo run`?): stop it or choose another port",
            address.port()
        ),
        Err(error) => Err(error).with_context(|| format!("cannot use port {} for {whose}", address.port())),
    }
}
