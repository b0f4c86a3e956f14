//! As much HTTP/1.1 as the protocols need.

use std::net::SocketAddrV4;

/// The request that turns a connection into a WebSocket.
pub(super) fn upgrade_request(host: SocketAddrV4, target: &str) -> Vec<u8> {
    format!(
        "GET {target} HTTP/1.1\r\n\
         Host: {host}\r\n\
         Connection: Upgrade\r\n\
         Upgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: cGxpbXNvbGwgbG9hZCBrZQ==\r\n\r\n"
    )
    .into_bytes()
}

/// The status of a response and the length of its head, once the head is there as a whole.
pub(super) fn response_head(bytes: &[u8]) -> Option<(u16, usize)> {
    let length = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let status = bytes.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    Some((status.unwrap_or(0), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_has_a_status_and_an_end() {
        let response = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nrest";
        assert_eq!(response_head(response), Some((101, response.len() - 4)));
        assert_eq!(response_head(&response[..50]), None);
        assert_eq!(response_head(b"nonsense\r\n\r\n").unwrap().0, 0);
    }
}
