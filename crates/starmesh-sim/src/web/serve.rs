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

use super::distance::RoundTrip;
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
    serve_from_afar(address, router, RoundTrip::NONE).await
}

/// Serves `router` as [`serve`] does, with `distance` between it and its clients.
pub async fn serve_from_afar(address: SocketAddr, router: Router, distance: RoundTrip) -> io::Result<Served> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let base_url = Url::parse(&format!("http://{address}/")).map_err(io::Error::other)?;
    let stop = CancellationToken::new();
    let task = tokio::spawn(accept(listener, router, distance, stop.clone()));
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

async fn accept(listener: TcpListener, router: Router, distance: RoundTrip, stop: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => {
                // A connection that failed before it was accepted is its client's trouble.
                if let Ok((stream, _)) = accepted {
                    connections.spawn(connection(stream, router.clone(), distance));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
    connections.shutdown().await;
}

async fn connection(stream: TcpStream, router: Router, distance: RoundTrip) {
    let service = tower::service_fn(move |request: Request<Incoming>| {
        let router = router.clone();
        async move {
            distance.one_way().await;
            let response: Response = match router.oneshot(request.map(Body::new)).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            distance.one_way().await;
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

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use axum::routing::get;
    use tokio::time::Instant;

    use super::*;
    use crate::web::visit;

    #[tokio::test]
    async fn a_distant_service_answers_a_round_trip_later() {
        let round_trip = Duration::from_millis(60);
        let router = Router::new().route("/", get(|| async { "here" }));
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let distance = RoundTrip::new(round_trip).unwrap();
        let served = serve_from_afar(address, router, distance).await.unwrap();
        let asked = Instant::now();
        assert_eq!(visit(served.base_url().as_str()).await.unwrap(), "here");
        assert!(asked.elapsed() >= round_trip, "{:?}", asked.elapsed());
        served.shutdown().await;
    }
}
