//! Keys and signatures that programs we did not write make.

#[cfg(test)]
mod implementations;
