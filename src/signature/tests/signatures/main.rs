//! Signatures judged and made, against programs and files that others wrote.

#[cfg(test)]
mod algorithms;
#[cfg(test)]
mod archives;
#[cfg(test)]
mod asic;
#[cfg(test)]
mod chain;
#[cfg(test)]
mod cms;
#[cfg(test)]
mod common;
#[cfg(test)]
mod enveloped;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod listed;
#[cfg(test)]
mod ocsp;
#[cfg(test)]
mod pdf;
#[cfg(test)]
mod pdf_attacks;
#[cfg(test)]
mod pdf_content;
#[cfg(test)]
mod pdf_corpus;
#[cfg(test)]
mod pdf_formats;
#[cfg(test)]
mod pdf_honest;
#[cfg(test)]
mod pdf_shadow;
#[cfg(test)]
mod pdf_structure;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod ukrainian;
