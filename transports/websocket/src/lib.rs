//! Plimsoll over WebSocket.
