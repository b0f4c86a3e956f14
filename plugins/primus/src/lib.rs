//! The dialect of [Primus](https://github.com/primus/primus), for its unmodified clients and
//! servers.
