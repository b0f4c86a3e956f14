//! Plimsoll over memory: connections inside one process, with faults on demand.
