//! JSON Web Tokens, good and bad.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use plimsoll::{CloseCode, Dial, Dialer, DuplexExt, Endpoint, ErrorKind, Frame, Plugin, Socket};
use plimsoll_auth::{Auth, Credential, Denied, IdentityExt, Jwt, Source, Verifier};
use plimsoll_memory::Memory;
use serde::Deserialize;
use serde_json::{Value, json};

const SECRET: &[u8; 32] = b"0123456789abcdef0123456789abcdef";
const RSA: &[u8] = include_bytes!("keys/rsa.pem");
const RSA_PUBLIC: &[u8] = include_bytes!("keys/rsa.pub.pem");
const RSA_WEAK: &[u8] = include_bytes!("keys/weak.pub.pem");
const EC: &[u8] = include_bytes!("keys/ec.pem");
const EC_PUBLIC: &[u8] = include_bytes!("keys/ec.pub.pem");
const P384_PUBLIC: &[u8] = include_bytes!("keys/p384.pub.pem");
const ED: &[u8] = include_bytes!("keys/ed.pem");
const ED_PUBLIC: &[u8] = include_bytes!("keys/ed.pub.pem");

#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
struct Claims {
    sub: String,
    #[serde(default)]
    admin: bool,
}

#[tokio::test]
async fn a_token_by_the_right_key_is_good() {
    for (jwt, algorithm, key) in [
        (Jwt::hs256(SECRET), Algorithm::HS256, EncodingKey::from_secret(SECRET)),
        (Jwt::rs256(RSA_PUBLIC), Algorithm::RS256, EncodingKey::from_rsa_pem(RSA).unwrap()),
        (Jwt::es256(EC_PUBLIC), Algorithm::ES256, EncodingKey::from_ec_pem(EC).unwrap()),
        (Jwt::eddsa(ED_PUBLIC), Algorithm::EdDSA, EncodingKey::from_ed_pem(ED).unwrap()),
    ] {
        let claims = json!({ "sub": "ann", "admin": true, "exp": now() + 60 });
        let token = encode(&Header::new(algorithm), &claims, &key).unwrap();
        let claims = verify(&jwt.unwrap(), &token).await.unwrap();
        assert_eq!(claims, Claims { sub: "ann".to_owned(), admin: true });
    }
}

#[tokio::test]
async fn a_bad_token_is_refused() {
    let jwt = Jwt::hs256(SECRET).unwrap().audience("chat").audience("game").issuer("id");
    let good = json!({ "sub": "ann", "aud": "chat", "iss": "id", "exp": now() + 60 });
    assert!(verify(&jwt, &sign(&good)).await.is_ok());

    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        sign(&claims)
    };
    let without = |name: &str| {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().remove(name);
        sign(&claims)
    };
    let whole = sign(&good);
    let mut critical = Header::new(Algorithm::HS256);
    critical.crit = Some(vec!["b64".to_owned()]);
    let critical = encode(&critical, &good, &EncodingKey::from_secret(SECRET)).unwrap();
    let body = whole.split('.').nth(1).unwrap();
    for (what, token) in [
        ("no exp", without("exp")),
        ("exp is no number", with("exp", json!("soon"))),
        ("negative exp", with("exp", json!(-1))),
        ("null exp", with("exp", Value::Null)),
        ("expired", with("exp", json!(now() - 11))),
        ("not yet", with("nbf", json!(now() + 30))),
        ("nbf is no number", with("nbf", json!("now"))),
        ("no audience", without("aud")),
        ("wrong audience", with("aud", json!("shop"))),
        ("wrong audiences", with("aud", json!(["shop", "bank"]))),
        ("audience is no string", with("aud", json!(5))),
        ("no issuer", without("iss")),
        ("wrong issuer", with("iss", json!("me"))),
        ("issuer is no string", with("iss", json!({ "id": "id" }))),
        ("no subject, which the claims need", without("sub")),
        ("wrong secret", signed_by(&good, Algorithm::HS256, &[7; 32])),
        ("another algorithm of the same key", signed_by(&good, Algorithm::HS384, SECRET)),
        ("critical extensions", critical),
        ("none", format!("{}.{body}.", base64(br#"{"alg":"none","typ":"JWT"}"#))),
        ("None", format!("{}.{body}.", base64(br#"{"alg":"None"}"#))),
        ("no algorithm", format!("{}.{body}.", base64(br#"{"typ":"JWT"}"#))),
        ("unsigned", whole.rsplit_once('.').unwrap().0.to_owned()),
        ("empty signature", format!("{}.", whole.rsplit_once('.').unwrap().0)),
        ("truncated", whole[..whole.len() - 1].to_owned()),
        ("two tokens", format!("{whole}.{whole}")),
        ("dots", "..".to_owned()),
        ("nothing", String::new()),
        ("not ASCII", "é.é.é".to_owned()),
        ("huge", "a".repeat(1_000_000)),
        ("huge in three parts", format!("{0}.{0}.{0}", "a".repeat(300_000))),
        (
            "deep",
            format!("{}.{}.", base64(br#"{"alg":"HS256"}"#), base64("[".repeat(9999).as_bytes())),
        ),
    ] {
        assert!(verify(&jwt, &token).await.is_err(), "{what}");
    }
}

#[tokio::test]
async fn a_public_key_is_no_secret() {
    let claims = json!({ "sub": "ann", "exp": now() + 60 });
    let jwt = Jwt::rs256(RSA_PUBLIC).unwrap();
    for secret in [RSA_PUBLIC, std::str::from_utf8(RSA_PUBLIC).unwrap().trim().as_bytes()] {
        let token = signed_by(&claims, Algorithm::HS256, secret);
        assert!(verify(&jwt, &token).await.is_err());
    }
    for (algorithm, key) in [
        (Algorithm::RS512, EncodingKey::from_rsa_pem(RSA).unwrap()),
        (Algorithm::PS256, EncodingKey::from_rsa_pem(RSA).unwrap()),
        (Algorithm::ES256, EncodingKey::from_ec_pem(EC).unwrap()),
    ] {
        let token = encode(&Header::new(algorithm), &claims, &key).unwrap();
        assert!(verify(&jwt, &token).await.is_err(), "{algorithm:?}");
    }
}

#[tokio::test]
async fn a_key_that_the_token_brings_along_is_not_looked_at() {
    let mut header = Header::new(Algorithm::HS256);
    header.jku = Some("http://127.0.0.1:1/keys".to_owned());
    header.x5u = Some("http://127.0.0.1:1/keys".to_owned());
    header.kid = Some("../../dev/null".to_owned());
    let claims = json!({ "sub": "ann", "exp": now() + 60 });
    let jwt = Jwt::hs256(SECRET).unwrap();
    for (secret, expected) in [(SECRET, true), (&[7; 32], false)] {
        let token = encode(&header, &claims, &EncodingKey::from_secret(secret)).unwrap();
        assert_eq!(verify(&jwt, &token).await.is_ok(), expected);
    }
}

#[tokio::test]
async fn a_token_for_an_audience_is_not_for_those_who_name_none() {
    let claims = json!({ "sub": "ann", "aud": "shop", "exp": now() + 60 });
    assert!(verify(&Jwt::hs256(SECRET).unwrap(), &sign(&claims)).await.is_err());
}

#[tokio::test]
async fn the_leeway_counts_for_both_ends() {
    let jwt = Jwt::hs256(SECRET).unwrap().leeway(Duration::from_secs(60));
    let late = json!({ "sub": "ann", "exp": now() - 30 });
    let early = json!({ "sub": "ann", "exp": now() + 60, "nbf": now() + 30 });
    for claims in [late, early] {
        assert!(verify(&jwt, &sign(&claims)).await.is_ok(), "{claims}");
        let strict = Jwt::hs256(SECRET).unwrap().leeway(Duration::ZERO);
        assert!(verify(&strict, &sign(&claims)).await.is_err(), "{claims}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_ends_when_its_token_does() {
    let memory = Memory::new();
    let auth = Auth::new(Jwt::<Claims>::hs256(SECRET).unwrap().leeway(Duration::ZERO));
    let endpoint = Endpoint::builder()
        .plugin(auth)
        .handle(async |mut socket: Socket| {
            let claims: Claims = socket.identity().unwrap();
            socket.send(claims.sub).await.unwrap();
            while let Some(Ok(_)) = socket.recv().await {}
        })
        .unwrap();
    let listener = memory.listen("server").unwrap();
    tokio::spawn(async move { endpoint.listen(listener).await });
    let mut dial = Dial::new("mem://server");
    let token = sign(&json!({ "sub": "ann", "exp": now() + 3600 }));
    dial.headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    let dialer = Dialer::builder().transport(memory.connector()).build().unwrap();
    let start = tokio::time::Instant::now();
    let mut io = dialer.open(dial).await.unwrap().io;
    assert_eq!(io.recv().await.unwrap().unwrap(), Frame::from("ann"));
    let Frame::Close(close) = io.recv().await.unwrap().unwrap() else { panic!("no close") };
    assert_eq!(close.code, CloseCode::EXPIRED);
    // The end of the token is a whole second of the wall clock.
    let took = start.elapsed().as_secs_f64();
    assert!((3595.0..=3600.5).contains(&took), "{took}");
}

#[test]
fn a_weak_or_wrong_key_is_no_configuration() {
    for (jwt, option) in [
        (Jwt::<Claims>::hs256(b"0123456789abcdef0123456789abcde"), "secret"),
        (Jwt::hs256(b""), "secret"),
        (Jwt::rs256(RSA_WEAK), "public_key"),
        (Jwt::rs256(EC_PUBLIC), "public_key"),
        (Jwt::rs256(b"no key"), "public_key"),
        (Jwt::es256(P384_PUBLIC), "public_key"),
        (Jwt::es256(RSA_PUBLIC), "public_key"),
        (Jwt::eddsa(EC_PUBLIC), "public_key"),
        (Jwt::eddsa(b""), "public_key"),
    ] {
        let error = jwt.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(&format!("`{option}`")), "{error}");
    }
    let lax = Jwt::<Claims>::hs256(SECRET).unwrap().leeway(Duration::from_secs(301));
    assert!(Auth::new(lax).check().unwrap_err().to_string().contains("`leeway`"));
}

#[test]
fn the_key_does_not_show_in_debug_output() {
    let jwt = Jwt::<Claims>::hs256(SECRET).unwrap();
    let shown = format!("{jwt:?}");
    assert!(shown.contains("HS256") && !shown.contains("0123") && !shown.contains("48, 49"));
}

async fn verify(jwt: &Jwt<Claims>, token: &str) -> Result<Claims, Denied> {
    let verified = jwt.verify(Credential::new(token, Source::Header)).await;
    verified.map(|grant| grant.identity().clone())
}

fn sign(claims: &Value) -> String {
    signed_by(claims, Algorithm::HS256, SECRET)
}

fn signed_by(claims: &Value, algorithm: Algorithm, secret: &[u8]) -> String {
    encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret)).unwrap()
}

fn base64(data: &[u8]) -> String {
    data_encoding::BASE64URL_NOPAD.encode(data)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}
