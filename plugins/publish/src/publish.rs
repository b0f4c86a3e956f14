//! The service.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use plimsoll::{Body, BoxError, ConnectionId, Endpoint};
use plimsoll_rooms::Rooms;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tower_service::Service;

use crate::answer::{Failure, Outcome, Refusal, json};
use crate::credential::{Credential, challenges, is_authorized};
use crate::omega_supreme::{self, Refused, Sent};
use crate::options::{Find, Limits};
use crate::order::{Order, Payload, Recipients};
use crate::{Dialect, PublishBuilder};

/// Sends to connections and rooms what authenticated HTTP requests ask for: a tower [`Service`]
/// for any body, to be nested in axum or served by hyper. Clones share everything.
///
/// It answers at every path: which one is its own, the router decides.
#[derive(Clone)]
pub struct Publish {
    inner: Arc<Inner>,
}

impl Publish {
    /// Starts to build a service that sends to the connections of `rooms`, which is to be a
    /// plugin of `endpoint`, and perhaps of others. While `endpoint` shuts down, requests are
    /// answered with status 503.
    pub fn builder(endpoint: Endpoint, rooms: Rooms) -> PublishBuilder {
        PublishBuilder::new(endpoint, rooms)
    }

    pub(crate) fn new(inner: Inner) -> Self {
        Self { inner: Arc::new(inner) }
    }
}

impl<B> Service<Request<B>> for Publish
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let inner = Arc::clone(&self.inner);
        let (head, body) = request.map(Body::new).into_parts();
        Box::pin(async move { Ok(inner.answer(&head, body).await) })
    }
}

impl fmt::Debug for Publish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publish")
            .field("dialect", &self.inner.dialect)
            .field("limits", &self.inner.limits)
            .finish_non_exhaustive()
    }
}

pub(crate) struct Inner {
    pub(crate) endpoint: Endpoint,
    pub(crate) rooms: Rooms,
    pub(crate) credentials: Vec<Credential>,
    pub(crate) dialect: Dialect,
    pub(crate) find: Box<Find>,
    pub(crate) limits: Limits,
    /// One permit for each request that may still come in.
    pub(crate) room: Semaphore,
}

impl Inner {
    async fn answer(&self, head: &Parts, body: Body) -> Response<Body> {
        match self.obey(head, body).await {
            Ok(outcome) => self.confirm(&outcome),
            Err(refusal) => self.refuse(refusal),
        }
    }

    async fn obey(&self, head: &Parts, body: Body) -> Result<Outcome, Refusal> {
        self.check(head)?;
        let Ok(_permit) = self.room.try_acquire() else {
            return Err(unavailable("too many requests at once"));
        };
        let body = self.read(&head.headers, body).await?;
        let order = match self.dialect {
            Dialect::OmegaSupreme => omega_supreme::parse(&body)?,
            Dialect::Own => Order::parse(&body)?,
        };
        order.recipients.check(&self.limits)?;
        self.carry_out(&order)
    }

    fn check(&self, head: &Parts) -> Result<(), Refusal> {
        if !is_authorized(&self.credentials, &head.headers) {
            let refusal = Refusal::new(StatusCode::UNAUTHORIZED, "show a credential");
            let challenges = challenges(&self.credentials).into_iter();
            return Err(challenges.fold(refusal, |refusal, challenge| {
                refusal.with_header(WWW_AUTHENTICATE, challenge)
            }));
        }
        let (methods, allow) = self.methods();
        if !methods.contains(&head.method) {
            let reason = format!("send it by {allow}");
            return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, reason)
                .with_header(ALLOW, HeaderValue::from_static(allow)));
        }
        if self.endpoint.is_closing() {
            return Err(unavailable("shutting down"));
        }
        // A form of a web page could send anything else with a user's credential.
        if !is_json(&head.headers) {
            let reason = "say `Content-Type: application/json`";
            return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, reason));
        }
        Ok(())
    }

    fn methods(&self) -> (&'static [Method], &'static str) {
        match self.dialect {
            Dialect::OmegaSupreme => (&[Method::PUT], "PUT"),
            Dialect::Own => (&[Method::POST, Method::PUT], "POST, PUT"),
        }
    }

    async fn read(&self, headers: &HeaderMap, body: Body) -> Result<Bytes, Refusal> {
        let Limits { max_body, body_timeout, .. } = self.limits;
        let too_large = || {
            let reason = format!("a body has at most {max_body} bytes");
            Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, reason)
        };
        let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        if announced.and_then(|length| length.parse().ok()).is_some_and(|it: usize| it > max_body) {
            return Err(too_large());
        }
        match timeout(body_timeout, Limited::new(body, max_body).collect()).await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
            Ok(Err(_)) => Err(Refusal::bad_request("the body broke off")),
            Err(_) => {
                Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, "the body took too long to arrive"))
            }
        }
    }

    fn carry_out(&self, order: &Order) -> Result<Outcome, Refusal> {
        let Recipients {
            all,
            rooms,
            patterns,
            topics,
            connections,
            except_rooms,
            except_connections,
        } = &order.recipients;
        let (mut ids, mut unknown) = (Vec::new(), Vec::new());
        for id in connections {
            match self.find(id) {
                Some(id) => ids.push(id),
                None => unknown.push(id.clone()),
            }
        }
        let only_connections = !all && [rooms, patterns, topics].iter().all(|list| list.is_empty());
        if only_connections && ids.is_empty() && self.dialect == Dialect::Own {
            return Err(Refusal::new(StatusCode::NOT_FOUND, "there are no such connections"));
        }
        let mut target = if *all { self.rooms.to_all() } else { self.rooms.to_connections(ids) };
        target = target
            .to_each(rooms.iter().map(String::as_str))
            .except_each(except_connections.iter().filter_map(|id| self.find(id)));
        target = patterns.iter().fold(target, |target, pattern| target.to_matching(pattern));
        target = topics.iter().fold(target, |target, topic| target.to_topic(topic));
        target = except_rooms.iter().fold(target, |target, room| target.except_room(room));
        let delivery = match &order.payload {
            Payload::Message(message) => target.send(message.clone()),
            Payload::Value(value) => target.send_value(value).map_err(|error| {
                let reason = format!("a member's codec cannot express the value: {error}");
                Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, reason)
            })?,
        };
        let (sent, dropped, closed) = (delivery.sent, delivery.dropped, delivery.closed);
        Ok(Outcome { sent, dropped, closed, unknown })
    }

    fn find(&self, id: &str) -> Option<ConnectionId> {
        (self.find)(id).filter(|id| self.rooms.get(*id).is_some())
    }

    fn confirm(&self, outcome: &Outcome) -> Response<Body> {
        match self.dialect {
            Dialect::OmegaSupreme => json(StatusCode::OK, &Sent { ok: true, send: outcome.sent }),
            Dialect::Own => json(StatusCode::OK, outcome),
        }
    }

    fn refuse(&self, refusal: Refusal) -> Response<Body> {
        let Refusal { status, reason, headers } = refusal;
        let mut response = match self.dialect {
            Dialect::OmegaSupreme => json(status, &Refused { ok: false, reason: &reason }),
            Dialect::Own => json(status, &Failure { error: &reason }),
        };
        for (name, value) in headers {
            response.headers_mut().append(name, value);
        }
        response
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(kind)) = headers.get(CONTENT_TYPE).map(HeaderValue::to_str) else { return false };
    let essence = kind.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

fn unavailable(reason: &'static str) -> Refusal {
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, reason)
        .with_header(RETRY_AFTER, HeaderValue::from_static("1"))
}
