//! The protocol library's state, which exists only while there is something in it.

use std::io::{Read, Write};

use tungstenite::protocol::{Role, WebSocketContext};

use crate::options::Options;

/// The protocol library's state with its buffers: more than 1 KiB, which a connection does without
/// until it meets more than whole messages.
#[derive(Debug)]
pub(crate) struct Protocol {
    role: Role,
    options: Options,
    context: Option<Box<WebSocketContext>>,
}

impl Protocol {
    pub(crate) fn new(role: Role, options: Options) -> Self {
        Self { role, options, context: None }
    }

    /// Whether there are no buffers.
    #[cfg(test)]
    pub(crate) fn is_resting(&self) -> bool {
        self.context.is_none()
    }

    /// Frees the buffers, in which nothing may be, unless the closing has begun.
    pub(crate) fn rest(&mut self) {
        self.context.take_if(|context| context.can_write());
    }

    pub(crate) fn get(&mut self) -> &mut WebSocketContext {
        let Self { role, options, context } = self;
        context
            .get_or_insert_with(|| Box::new(WebSocketContext::new(*role, Some(options.config()))))
    }

    /// Whether the closing has not begun.
    pub(crate) fn can_write(&self) -> bool {
        self.context.as_ref().is_none_or(|context| context.can_write())
    }

    /// Hands what is buffered to the network.
    pub(crate) fn flush(&mut self, io: &mut (impl Read + Write)) -> Result<(), tungstenite::Error> {
        match &mut self.context {
            Some(context) => context.flush(io),
            None => Ok(io.flush()?),
        }
    }
}
