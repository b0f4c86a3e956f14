//! The client, with servers that do exactly what a test wants.
#![cfg(feature = "client")]

mod server;

use std::future::poll_fn;

use bytes::Bytes;
use http::{Request, Response};
use plimsoll::{Error, ErrorKind};
use plimsoll_http::client::{Client, Origin, ResponseBody};

use self::server::{Server, within};

fn client(server: &Server) -> Client {
    let url = format!("http://{}/", server.address).parse().unwrap();
    Client::new(Origin::new(&url, false).unwrap())
}

async fn get(client: &mut Client) -> Result<Response<ResponseBody>, Error> {
    let request = Request::get("/").header("host", "a").body(Bytes::new()).unwrap();
    within(client.send(request)).await
}

async fn read(client: &mut Client, mut body: ResponseBody) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    while let Some(piece) = within(poll_fn(|cx| client.poll_body(cx, &mut body))).await {
        bytes.extend_from_slice(&piece?);
    }
    Ok(bytes)
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_request() {
    let server = Server::new(["HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nahoy"; 3], true).await;
    let mut client = client(&server);
    assert_eq!(client.peer(), None);
    for _ in 0..3 {
        let response = get(&mut client).await.unwrap();
        assert_eq!(client.peer().unwrap().to_string(), server.address.to_string());
        assert_eq!(read(&mut client, response.into_body()).await.unwrap(), b"ahoy");
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_connection_that_the_server_has_closed_is_made_anew() {
    let server = Server::new(["HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nahoy"; 3], false).await;
    let mut client = client(&server);
    for _ in 0..3 {
        let response = get(&mut client).await.unwrap();
        assert_eq!(read(&mut client, response.into_body()).await.unwrap(), b"ahoy");
        server.closed().await;
    }
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn of_a_long_body_the_beginning_is_read() {
    let long = format!("HTTP/1.1 403 Forbidden\r\n\r\n{}", "x".repeat(1 << 20));
    let answers = [long, "HTTP/1.1 204 No Content\r\n\r\n".to_owned()];
    let server = Server::new(answers, true).await;
    let mut client = client(&server);
    let response = get(&mut client).await.unwrap();
    let body = within(client.read_short(response.into_body())).await.unwrap();
    assert_eq!(body, "x".repeat(8 * 1024));
    assert_eq!(get(&mut client).await.unwrap().status(), 204);
    assert_eq!(server.connections(), 2, "what is left of the body is not waited for");
}

#[tokio::test]
async fn a_response_that_is_cut_off_is_an_error() {
    for answer in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nahoy"] {
        let server = Server::new([answer], false).await;
        let mut client = client(&server);
        let error = match get(&mut client).await {
            Ok(response) => read(&mut client, response.into_body()).await.unwrap_err(),
            Err(error) => error,
        };
        assert_eq!(error.kind(), ErrorKind::Io, "{answer:?}");
    }
}

#[tokio::test]
async fn what_is_no_response_is_an_error() {
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(65));
    let long = format!("HTTP/1.1 200 OK\r\na: {}\r\n\r\n", "b".repeat(17 * 1024));
    for answer in ["SSH-2.0-OpenSSH_9.2\r\n".to_owned(), many, long] {
        let server = Server::new([answer.clone()], true).await;
        let error = get(&mut client(&server)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{answer}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error() {
    let server = Server::new([""; 0], true).await;
    let mut client = client(&server);
    drop(server);
    assert_eq!(get(&mut client).await.unwrap_err().kind(), ErrorKind::Io);
}
