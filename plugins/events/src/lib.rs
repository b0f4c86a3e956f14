//! Named events with arguments, and requests with answers, over any transport.
