//! JSON Web Tokens.

use std::fmt;
use std::marker::PhantomData;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use plimsoll::Error;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Credential, Denied, Grant, Verifier};

/// Verifies JSON Web Tokens (RFC 7519): the identity is the claims, as a type of the
/// application's.
///
/// | claim | rule |
/// |---|---|
/// | `exp` | required; the grant ends then, plus the [leeway](Self::leeway) |
/// | `nbf` | if there, must have passed, give or take the leeway |
/// | `aud` | must be there and hold an accepted one, if any is [set](Self::audience); else must not be there (RFC 7519, section 4.1.3) |
/// | `iss` | must be there and be an accepted one, if any is [set](Self::issuer) |
/// | `sub` | becomes the grant's [subject](Grant::subject), needed for a renewal |
///
/// The algorithm is that of the key and no other: what the token says of itself chooses nothing,
/// no keys are fetched, and a token with critical extensions (`crit`) is refused.
///
/// ```
/// use plimsoll_auth::{Auth, Jwt};
/// use serde::Deserialize;
///
/// #[derive(Clone, Deserialize)]
/// struct Claims {
///     sub: String,
///     #[serde(default)]
///     admin: bool,
/// }
///
/// # fn main() -> Result<(), plimsoll::Error> {
/// # let secret = [7; 32];
/// let jwt = Jwt::<Claims>::hs256(&secret)?.issuer("https://id.example.com").audience("chat");
/// let auth = Auth::new(jwt);
/// # drop(auth);
/// # Ok(())
/// # }
/// ```
pub struct Jwt<C> {
    key: DecodingKey,
    validation: Validation,
    claims: PhantomData<fn() -> C>,
}

impl<C> Jwt<C> {
    /// Accepts tokens signed by HMAC with SHA-256 and a secret.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Config`](plimsoll::ErrorKind::Config) if the secret is shorter
    /// than 32 bytes (RFC 7518, section 3.2).
    pub fn hs256(secret: &[u8]) -> Result<Self, Error> {
        if secret.len() < MIN_SECRET {
            return Err(Error::config("secret", "must be at least 32 random bytes"));
        }
        Self::new(Algorithm::HS256, DecodingKey::from_secret(secret))
    }

    /// Accepts tokens signed by RSA (PKCS #1 v1.5) with SHA-256, by the public key in PEM.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Config`](plimsoll::ErrorKind::Config) if this is no RSA key, or
    /// one of less than 2048 bits (RFC 7518, section 3.3).
    pub fn rs256(public_key: &[u8]) -> Result<Self, Error> {
        let key = DecodingKey::from_rsa_pem(public_key).map_err(bad_key)?;
        let components = DEFAULT_PROVIDER.key_utils.rsa_pub_components_from_public_key;
        let (modulus, _) = key.try_get_as_bytes().and_then(components).map_err(bad_key)?;
        if modulus.len() < MIN_MODULUS {
            return Err(Error::config("public_key", "must have at least 2048 bits"));
        }
        Self::new(Algorithm::RS256, key)
    }

    /// Accepts tokens signed by ECDSA on P-256 with SHA-256, by the public key in PEM.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Config`](plimsoll::ErrorKind::Config) if this is no such key.
    pub fn es256(public_key: &[u8]) -> Result<Self, Error> {
        Self::new(Algorithm::ES256, DecodingKey::from_ec_pem(public_key).map_err(bad_key)?)
    }

    /// Accepts tokens signed by Ed25519, by the public key in PEM.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Config`](plimsoll::ErrorKind::Config) if this is no such key.
    pub fn eddsa(public_key: &[u8]) -> Result<Self, Error> {
        Self::new(Algorithm::EdDSA, DecodingKey::from_ed_pem(public_key).map_err(bad_key)?)
    }

    /// Demands that a token is for this audience; of several that are set, one is enough.
    /// Default: tokens for an audience are refused.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.validation.aud.get_or_insert_default().insert(audience.into());
        self.validation.required_spec_claims.insert("aud".to_owned());
        self
    }

    /// Demands that a token is from this issuer; of several that are set, one is enough.
    /// Default: any issuer, since it had the key.
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.validation.iss.get_or_insert_default().insert(issuer.into());
        self.validation.required_spec_claims.insert("iss".to_owned());
        self
    }

    /// Sets by how much the clocks of the issuer and of this system may differ, at most 5
    /// minutes, in whole seconds. Default: 10 s.
    #[must_use]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.validation.leeway = leeway.as_secs();
        self
    }

    fn new(algorithm: Algorithm, key: DecodingKey) -> Result<Self, Error> {
        // Fails if there is one, which is as good: without any, a build in which another crate
        // turns on a second backend would panic at the first token.
        let _ = DEFAULT_PROVIDER.install_default();
        (DEFAULT_PROVIDER.verifier_factory)(&algorithm, &key).map_err(bad_key)?;
        let mut validation = Validation::new(algorithm);
        validation.leeway = LEEWAY.as_secs();
        validation.validate_nbf = true;
        Ok(Self { key, validation, claims: PhantomData })
    }

    /// When the grant for these claims ends.
    fn end(&self, claims: &Value) -> Option<SystemTime> {
        let expires = &claims["exp"];
        let seconds =
            expires.as_u64().or_else(|| expires.as_f64().map(|seconds| seconds as u64))?;
        let seconds = seconds.saturating_add(self.validation.leeway);
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
    }
}

#[async_trait]
impl<C> Verifier for Jwt<C>
where
    C: DeserializeOwned + Clone + Send + Sync + 'static,
{
    type Identity = C;

    fn check(&self) -> Result<(), Error> {
        if self.validation.leeway > MAX_LEEWAY.as_secs() {
            return Err(Error::config("leeway", "must be at most 5 minutes"));
        }
        Ok(())
    }

    async fn verify(&self, credential: Credential) -> Result<Grant<C>, Denied> {
        let decoded = decode::<Value>(credential.token(), &self.key, &self.validation);
        let token = decoded.map_err(|error| Denied::invalid(describe(error.kind())))?;
        if token.header.crit.is_some() {
            return Err(Denied::invalid("the token has critical extensions"));
        }
        let subject = token.claims["sub"].as_str().map(str::to_owned);
        let end = self.end(&token.claims);
        let claims = C::deserialize(token.claims);
        let claims = claims.map_err(|_| Denied::invalid("the claims are not those expected"))?;
        let mut grant = Grant::new(claims);
        grant.subject = subject.map(Into::into);
        Ok(match end {
            Some(end) => grant.expires_at(end),
            None => grant,
        })
    }
}

impl<C> fmt::Debug for Jwt<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwt").field("validation", &self.validation).finish_non_exhaustive()
    }
}

fn describe(error: &ErrorKind) -> &'static str {
    match error {
        ErrorKind::ExpiredSignature => "the token has expired",
        ErrorKind::ImmatureSignature => "the token is not valid yet",
        ErrorKind::InvalidAudience => "the token is for another audience",
        ErrorKind::InvalidIssuer => "the token is from another issuer",
        ErrorKind::InvalidSignature => "the signature is wrong",
        ErrorKind::MissingRequiredClaim(_) => "the token lacks a claim",
        _ => "not a token of the kind that is accepted",
    }
}

fn bad_key(error: jsonwebtoken::errors::Error) -> Error {
    Error::config("public_key", format!("is not a key for this algorithm: {error}"))
}

/// In bytes, as long as the hash.
const MIN_SECRET: usize = 32;
/// In bytes.
const MIN_MODULUS: usize = 256;
const LEEWAY: Duration = Duration::from_secs(10);
const MAX_LEEWAY: Duration = Duration::from_secs(300);
