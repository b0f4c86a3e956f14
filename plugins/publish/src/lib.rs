//! Sends to connections and rooms from outside, over HTTP.
