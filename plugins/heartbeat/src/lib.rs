//! Notices dead peers and measures the round trip.
