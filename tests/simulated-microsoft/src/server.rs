//! The listener: loopback only, one port for every cloud and every API.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::connection::{Cut, Loopback};
use crate::scenario::Scenario;
use crate::traffic::Cloud;

/// How to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Who and what exists.
    pub scenario: Scenario,
}

impl Default for Options {
    fn default() -> Self {
        Self { port: 0, scenario: Scenario::standard() }
    }
}

/// The simulated Microsoft cloud.
#[derive(Debug)]
pub struct SimulatedMicrosoft;

impl SimulatedMicrosoft {
    /// Starts it on 127.0.0.1, in tasks of the current tokio runtime.
    ///
    /// # Errors
    /// The port is taken, or no signing key could be made.
    pub async fn start(options: Options) -> io::Result<Handle> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let address = listener.local_addr()?;
        let cloud = Arc::new(Cloud::new(format!("http://{address}"), options.scenario)?);
        let (stop, stopped) = watch::channel(false);
        let app = axum::Router::new()
            .fallback(crate::traffic::serve)
            .with_state(cloud)
            .into_make_service_with_connect_info::<Cut>();
        let task = tokio::spawn(async move {
            let mut stopped = stopped;
            let serve = axum::serve(Loopback(listener), app).with_graceful_shutdown(async move {
                // An error means that the handle is gone, which asks for the same.
                let _ = stopped.wait_for(|stop| *stop).await;
            });
            serve.await
        });
        Ok(Handle { address, stop, task })
    }
}

/// A running simulated cloud. Dropping it stops the server.
#[derive(Debug)]
pub struct Handle {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<io::Result<()>>,
}

impl Handle {
    /// `http://127.0.0.1:PORT`, without a slash at the end. Under it: `/{cloud}/login`, `/{cloud}/arm`,
    /// `/{cloud}/graph`, `/{cloud}/partner-center` and `/control`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Stops the server; connections that are idle are closed.
    pub async fn shutdown(self) {
        let _ = self.stop.send(true);
        self.task.abort();
        let _ = self.task.await;
    }
}
