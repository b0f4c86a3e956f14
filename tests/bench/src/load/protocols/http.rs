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

/// A response and its length, once all of it is there.
pub(super) fn response(bytes: &[u8]) -> Result<Option<(Response<'_>, usize)>, String> {
    let Some((status, head)) = response_head(bytes) else { return Ok(None) };
    let length = content_length(&bytes[..head]).ok_or("a response without Content-Length")?;
    let end = head.checked_add(length);
    let Some(body) = end.and_then(|end| bytes.get(head..end)) else { return Ok(None) };
    Ok(Some((Response { status, body }, head + length)))
}

/// A response as a whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Response<'a> {
    pub(super) status: u16,
    pub(super) body: &'a [u8],
}

/// A chunk of a body and its length with what surrounds it, once all of it is there. The last one
/// is empty.
pub(super) fn chunk(bytes: &[u8]) -> Result<Option<(&[u8], usize)>, String> {
    let Some(line) = bytes.iter().position(|byte| *byte == b'\n') else { return Ok(None) };
    let size = std::str::from_utf8(&bytes[..line]).unwrap_or_default().trim();
    let size = usize::from_str_radix(size, 16).map_err(|_| "a chunk without its size")?;
    let start = line + 1;
    let end = start.checked_add(size).and_then(|end| end.checked_add(CRLF));
    let Some(chunk) = end.and_then(|end| bytes.get(start..end)) else { return Ok(None) };
    Ok(Some((&chunk[..size], start + chunk.len())))
}

fn content_length(head: &[u8]) -> Option<usize> {
    head.split(|byte| *byte == b'\n').find_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = (&line[..colon], &line[colon + 1..]);
        name.eq_ignore_ascii_case(b"content-length")
            .then(|| std::str::from_utf8(value).ok()?.trim().parse().ok())?
    })
}

const CRLF: usize = 2;

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

    #[test]
    fn chunks_come_one_by_one() {
        let bytes = b"a\r\nahoy\nahoy\n\r\n0\r\n\r\n";
        assert_eq!(chunk(bytes), Ok(Some((&b"ahoy\nahoy\n"[..], 15))));
        assert_eq!(chunk(&bytes[15..]), Ok(Some((&b""[..], 5))));
        assert_eq!(chunk(&bytes[..14]), Ok(None));
        assert_eq!(chunk(b"ffffffffffffffff\r\n"), Ok(None));
        assert!(chunk(b"x\r\n").is_err());
    }

    #[test]
    fn a_response_ends_where_its_length_says() {
        let bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1";
        let response = Response { status: 200, body: b"ok" };
        assert_eq!(super::response(bytes), Ok(Some((response, bytes.len() - 8))));
        assert_eq!(super::response(&bytes[..bytes.len() - 9]), Ok(None));
        assert!(super::response(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
