//! What applications see of channels, over memory.

mod bounds;
mod dialects;
mod ground;
mod hostile;
mod life;
