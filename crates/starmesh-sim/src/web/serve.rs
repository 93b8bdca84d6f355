//! A router behind a TCP address.

use std::io;
use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::{CancellationToken, DropGuard};
use tower::ServiceExt as _;
use url::Url;

use super::reply::Cut;

/// A served router. Dropping it closes the address and every connection.
#[derive(Debug)]
pub struct Served {
    address: SocketAddr,
    base_url: Url,
    stop: DropGuard,
    task: JoinHandle<()>,
}

/// Serves `router` at `address`; port 0 takes any free one.
///
/// A response marked [`Cut`] closes its connection in place of an answer.
pub async fn serve(address: SocketAddr, router: Router) -> io::Result<Served> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let base_url = Url::parse(&format!("http://{address}/")).map_err(io::Error::other)?;
    let stop = CancellationToken::new();
    let task = tokio::spawn(accept(listener, router, stop.clone()));
    Ok(Served { address, base_url, stop: stop.drop_guard(), task })
}

impl Served {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address as a URL without a path.
    pub fn base_url(&self) -> &Url {
        &self.base_url
    }

    /// Closes the address and every connection, and waits until that is done.
    pub async fn shutdown(self) {
        drop(self.stop);
        // The task ends by itself and cannot panic; only a runtime that shuts down cancels it.
        drop(self.task.await);
    }
}

async fn accept(listener: TcpListener, router: Router, stop: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => {
                // A connection that failed before it was accepted is its client's trouble.
                if let Ok((stream, _)) = accepted {
                    connections.spawn(connection(stream, router.clone()));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
    connections.shutdown().await;
}

async fn connection(stream: TcpStream, router: Router) {
    let service = tower::service_fn(move |request: Request<Incoming>| {
        let router = router.clone();
        async move {
            let response: Response = match router.oneshot(request.map(Body::new)).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            if response.extensions().get::<Cut>().is_some() {
                return Err(io::Error::from(io::ErrorKind::ConnectionAborted));
            }
            Ok(response)
        }
    });
    let builder = Builder::new(TokioExecutor::new());
    // How a connection ends, cut ones included, is seen by its client.
    drop(builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)).await);
}
