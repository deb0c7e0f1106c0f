//! Signatures judged and made, against programs and files that others wrote.

#[cfg(test)]
mod chain;
#[cfg(test)]
mod cms;
#[cfg(test)]
mod common;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod pdf;
#[cfg(test)]
mod pdf_attacks;
#[cfg(test)]
mod samples;
