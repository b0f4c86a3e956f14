//! Lets in only those who show a credential, for as long as it is valid.
