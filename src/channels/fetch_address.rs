//! Which addresses may be connected to when a stranger named the host.
//!
//! A certificate's address may be a name that resolves into our own network: to a printer, to a database, to the cloud's
//! metadata service. Only addresses of the Internet are taken, and of private ones those the configuration names.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use oblik_config::Network;

/// Networks that are no part of the Internet, or lead back into ours. Source: IANA IPv4 Special-Purpose Address Registry; the
/// last one is the host service of a cloud that uses a public address for it.
const CLOSED_V4: [([u8; 4], u32); 17] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 31, 196, 0], 24),
    ([192, 52, 193, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 3),
    ([168, 63, 129, 16], 32),
];

/// Whether `address` may be connected to. An IPv4 address inside one of IPv6 is judged as what it leads to.
pub(crate) fn may_be_reached(address: IpAddr, allow_private: &[Network]) -> bool {
    let meant = meant(address);
    is_internet(meant) || allow_private.iter().any(|network| network.contains(meant))
}

/// The IPv4 address that an IPv6 address stands for: mapped (RFC 4291 §2.5.5.2), compatible (§2.5.5.1), NAT64 (RFC 6052
/// §2.1), 6to4 (RFC 3056 §2); else the address itself.
fn meant(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let of = |high: u16, low: u16| IpAddr::V4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
    match v6.segments() {
        // `::` and `::1` are addresses of IPv6 itself.
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => of(high, low),
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => of(high, low),
        _ => address,
    }
}

fn is_internet(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !CLOSED_V4.iter().any(|(network, prefix)| {
            let shift = 32_u32.saturating_sub(*prefix);
            u32::from(v4).checked_shr(shift) == u32::from(Ipv4Addr::from(*network)).checked_shr(shift)
        }),
        IpAddr::V6(v6) => is_internet_v6(v6),
    }
}

/// Only 2000::/3 is given out for the Internet. Source: IANA IPv6 Global Unicast Address Assignments, IPv6 Special-Purpose
/// Address Registry: of it 2001::/23 (Teredo, benchmarking, ORCHID) and the two documentation networks are not.
fn is_internet_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        [0x2001, 0..0x0200 | 0x0db8, ..] | [0x3fff, 0..0x1000, ..] => false,
        [first, ..] => (first & 0xe000) == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_internet_is_reached() {
        for (address, reached) in [
            ("8.8.8.8", true),
            ("9.255.255.255", true),
            ("10.0.0.0", false),
            ("10.255.255.255", false),
            ("11.0.0.0", true),
            ("100.63.255.255", true),
            ("100.64.0.0", false),
            ("100.100.100.200", false),
            ("100.128.0.0", true),
            ("126.255.255.255", true),
            ("127.0.0.1", false),
            ("127.255.255.254", false),
            ("128.0.0.1", true),
            ("0.0.0.0", false),
            ("0.1.2.3", false),
            ("1.0.0.0", true),
            ("169.253.255.255", true),
            ("169.254.169.254", false),
            ("169.255.0.0", true),
            ("172.15.255.255", true),
            ("172.16.0.1", false),
            ("172.31.255.255", false),
            ("172.32.0.0", true),
            ("192.0.0.192", false),
            ("192.167.255.255", true),
            ("192.168.1.1", false),
            ("192.169.0.0", true),
            ("198.18.0.1", false),
            ("198.20.0.0", true),
            ("168.63.129.16", false),
            ("168.63.129.17", true),
            ("223.255.255.255", true),
            ("224.0.0.1", false),
            ("239.255.255.255", false),
            ("240.0.0.1", false),
            ("255.255.255.255", false),
            ("::", false),
            ("::1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:10.1.2.3", false),
            ("::ffff:8.8.8.8", true),
            ("::127.0.0.1", false),
            ("64:ff9b::7f00:1", false),
            ("64:ff9b::a9fe:a9fe", false),
            ("64:ff9b::808:808", true),
            ("64:ff9b:1::808:808", false),
            ("2002:7f00:1::", false),
            ("2002:a9fe:a9fe::1", false),
            ("2002:808:808::", true),
            ("2001:0:53aa:64c:0:0:0:1", false),
            ("2001:1ff::1", false),
            ("2001:200::1", true),
            ("2001:db8::1", false),
            ("2a00:1450:400d::1", true),
            ("3fff::1", false),
            ("3ffe::1", true),
            ("4000::1", false),
            ("fc00::1", false),
            ("fd00:ec2::254", false),
            ("fe80::1", false),
            ("fec0::1", false),
            ("ff02::1", false),
            ("100::1", false),
        ] {
            assert_eq!(may_be_reached(address.parse().unwrap(), &[]), reached, "{address}");
        }
    }
}
