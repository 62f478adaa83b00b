//! The wire from the service to the world, which can be cut: then nobody listens there and what was open is reset.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// How long to wait until a port is free again.
const AGAIN: Duration = Duration::from_millis(20);

/// A relay on loopback.
#[derive(Debug)]
pub(super) struct Wire {
    address: SocketAddr,
    whole: watch::Sender<bool>,
    relay: JoinHandle<()>,
}

impl Wire {
    /// Lays a wire to an address.
    ///
    /// # Errors
    /// When loopback has no free port.
    pub(super) async fn lay(to: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (whole, state) = watch::channel(true);
        Ok(Self { address, whole, relay: tokio::spawn(relay(listener, address, to, state)) })
    }

    /// Where it begins.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts it.
    pub(super) fn cut(&self) {
        self.whole.send_replace(false);
    }

    /// Mends it.
    pub(super) fn mend(&self) {
        self.whole.send_replace(true);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.relay.abort();
    }
}

async fn relay(first: TcpListener, own: SocketAddr, to: SocketAddr, mut whole: watch::Receiver<bool>) {
    let mut listener = Some(first);
    loop {
        if whole.wait_for(|whole| *whole).await.is_err() {
            return;
        }
        let here = match listener.take() {
            Some(listener) => listener,
            None => match TcpListener::bind(own).await {
                Ok(listener) => listener,
                Err(_) => {
                    tokio::time::sleep(AGAIN).await;
                    continue;
                }
            },
        };
        // Dropped with the listener when the wire is cut: nothing that was open goes on.
        let mut open = JoinSet::new();
        loop {
            tokio::select! {
                cut = whole.wait_for(|whole| !*whole) => {
                    if cut.is_err() {
                        return;
                    }
                    break;
                }
                Some(_) = open.join_next() => {}
                accepted = here.accept() => {
                    if let Ok((near, _)) = accepted {
                        open.spawn(carry(near, to));
                    }
                }
            }
        }
    }
}

async fn carry(mut near: TcpStream, to: SocketAddr) {
    let Ok(mut far) = TcpStream::connect(to).await else { return };
    // Small packets must not wait for each other.
    let _ = near.set_nodelay(true);
    let _ = far.set_nodelay(true);
    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn carries_until_it_is_cut_and_again_when_it_is_mended() {
        let echo = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let wire = Wire::lay(echo.local_addr().unwrap()).await.unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = echo.accept().await {
                tokio::spawn(async move {
                    let (mut read, mut write) = stream.split();
                    let _ = tokio::io::copy(&mut read, &mut write).await;
                });
            }
        });
        let mut heard = [0; 2];
        let mut line = TcpStream::connect(wire.address()).await.unwrap();
        line.write_all(b"oi").await.unwrap();
        line.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"oi");

        wire.cut();
        let end = line.read(&mut heard).await;
        assert!(end.is_err() || end.is_ok_and(|bytes| bytes == 0), "an open line ends");
        while TcpStream::connect(wire.address()).await.is_ok() {
            tokio::task::yield_now().await;
        }

        wire.mend();
        let mut line = loop {
            match TcpStream::connect(wire.address()).await {
                Ok(line) => break line,
                Err(_) => tokio::task::yield_now().await,
            }
        };
        line.write_all(b"ok").await.unwrap();
        line.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"ok");
    }
}
