//! What goes over the connections: the same values in JSON and in MessagePack.

use serde::{Deserialize, Serialize};

/// From a member to the server.
#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum ToServer {
    /// The first message of each connection, and only that.
    Hello(Hello),
    /// A line. `id` counts a member's lines from 1, so that one that is sent again after a loss
    /// is taken only once.
    Say { id: u64, text: LineText },
}

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Hello {
    pub(crate) name: Name,
    /// Asks for the place that an earlier connection had, whatever its transport.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) resume: Option<Resume>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Resume {
    /// From [`ToClient::Welcome`].
    pub(crate) token: String,
    /// The `seq` of the last line seen; what came after it is told again.
    pub(crate) seen: u64,
}

/// From the server to a member.
#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum ToClient {
    /// The answer to a hello. The lines that the member has not seen follow.
    Welcome(Welcome),
    Joined {
        member: Member,
    },
    Left {
        member: Member,
    },
    /// A member came back over another transport or in another encoding.
    Moved {
        member: Member,
    },
    Said(Line),
}

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Welcome {
    pub(crate) you: u64,
    /// The secret with which to resume.
    pub(crate) token: String,
    /// Whether the member has the place that it asked for; if not, it starts anew.
    pub(crate) resumed: bool,
    /// The last of the member's own lines that arrived.
    pub(crate) heard: u64,
    pub(crate) members: Vec<Member>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Member {
    pub(crate) id: u64,
    pub(crate) name: String,
    /// How the member is connected, for example `websocket` and `json`.
    pub(crate) transport: String,
    pub(crate) encoding: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Line {
    /// Counts the lines of the room from 1.
    pub(crate) seq: u64,
    /// Milliseconds since 1970.
    pub(crate) at: u64,
    /// Who said it, as it was then.
    pub(crate) from: Member,
    /// The author's own number for it.
    pub(crate) id: u64,
    pub(crate) text: LineText,
}

/// A member's name: from 1 to 24 characters.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Name(String);

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        one_line("a name", &name, 24).map(Self)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

/// What a line says: from 1 to 500 characters.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct LineText(String);

impl LineText {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for LineText {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        one_line("a line", &text, 500).map(Self)
    }
}

impl From<LineText> for String {
    fn from(text: LineText) -> Self {
        text.0
    }
}

fn one_line(what: &str, text: &str, max: usize) -> Result<String, String> {
    let text = text.trim();
    let long = text.chars().nth(max).is_some();
    if text.is_empty() || long || text.contains(char::is_control) {
        return Err(format!("{what} has from 1 to {max} characters, and no control characters"));
    }
    Ok(text.to_owned())
}
