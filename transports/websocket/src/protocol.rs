//! The protocol library's state, which exists only while there is something in it.

use tungstenite::protocol::{Role, WebSocketContext};

use crate::options::Options;

/// The protocol library's state with its buffers: several KiB, which a connection at rest does
/// without.
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

    /// Whether nothing was begun by the peer or by this side.
    pub(crate) fn is_resting(&self) -> bool {
        self.context.is_none()
    }

    /// Begins with what was read already.
    pub(crate) fn wake(&mut self, read: &[u8]) {
        let config = Some(self.options.config());
        let context = WebSocketContext::from_partially_read(read.to_vec(), self.role, config);
        self.context = Some(Box::new(context));
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

    /// Sets how long a frame may be that is buffered while others are.
    pub(crate) fn make_room(&mut self, frame: usize) {
        let room = self.options.write_buffer + frame;
        self.get().set_config(|config| config.max_write_buffer_size = room);
    }
}
