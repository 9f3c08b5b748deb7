//! Counts the fields of a message before it is decoded: an empty message in a list takes two bytes in a request, and a hundred in memory.

use prost_reflect::{Kind, MessageDescriptor};

/// The number of fields that a request may have, those of its messages included.
pub(crate) const MAX_FIELDS: usize = 10_000;
/// The depth at which the decoder refuses a message.
const MAX_DEPTH: usize = 100;

/// Returns whether a message of the type `shape` has too many fields. Malformed messages have few enough, because the decoder refuses them.
pub(crate) fn are_too_many(message: &[u8], shape: &MessageDescriptor) -> bool {
    let mut left = MAX_FIELDS;
    // Nearly all requests are so short that they need not be counted.
    message.len() > MAX_FIELDS && count(message, shape, &mut left, MAX_DEPTH).is_none()
}

/// Counts down `left`; `None` when there are more.
fn count(mut bytes: &[u8], shape: &MessageDescriptor, left: &mut usize, depth: usize) -> Option<()> {
    while !bytes.is_empty() {
        *left = left.checked_sub(1)?;
        let Some(Inside { number, bytes: inner }) = field(&mut bytes) else { return Some(()) };
        if inner.is_empty() {
            continue;
        }
        let Some(known) = shape.get_field(number) else { continue };
        match known.kind() {
            Kind::Message(shape) if depth > 0 => count(inner, &shape, left, depth - 1)?,
            Kind::Message(_) | Kind::String | Kind::Bytes => {}
            // A packed list, of which a value takes at least a byte.
            _ => *left = left.checked_sub(inner.len())?,
        }
    }
    Some(())
}

/// A field's number, and its bytes if it is of variable length.
struct Inside<'a> {
    number: u32,
    bytes: &'a [u8],
}

/// Splits off the first field; `None` if it is malformed.
fn field<'a>(bytes: &mut &'a [u8]) -> Option<Inside<'a>> {
    let tag = varint(bytes)?;
    let inner = match tag & 7 {
        0 => varint(bytes).map(|_| &[][..]),
        1 => bytes.split_off(..8).map(|_| &[][..]),
        2 => {
            let length = usize::try_from(varint(bytes)?).ok()?;
            bytes.split_off(..length)
        }
        // The beginning and the end of a group.
        3 | 4 => Some(&[][..]),
        5 => bytes.split_off(..4).map(|_| &[][..]),
        _ => None,
    };
    Some(Inside { number: u32::try_from(tag >> 3).ok()?, bytes: inner? })
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.split_off_first()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use orchard_proto::DESCRIPTORS;
    use prost_reflect::DescriptorPool;

    use super::*;

    /// A type that has a list of itself and packed numbers.
    fn shape(name: &str) -> MessageDescriptor {
        let pool = DescriptorPool::decode(DESCRIPTORS).expect("descriptors");
        pool.get_message_by_name(name).expect(name)
    }

    #[test]
    fn fields_of_messages_count_and_texts_do_not() {
        // FileDescriptorProto: field 4 is a list of DescriptorProto, whose field 3 is a list of DescriptorProto; field 1 is a text, and
        // field 10 a list of numbers.
        let shape = shape("google.protobuf.FileDescriptorProto");
        let list = |number: u8, item: &[u8], count: usize| {
            let length = u8::try_from(item.len()).expect("short");
            [[number << 3 | 2, length].as_slice(), item].concat().repeat(count)
        };
        assert!(!are_too_many(&list(4, &[], MAX_FIELDS), &shape));
        assert!(are_too_many(&list(4, &[], MAX_FIELDS + 1), &shape));
        let nested = list(4, &list(3, &[], 50), 200);
        assert!(are_too_many(&nested, &shape), "10,200 in all");
        assert!(!are_too_many(&list(4, &list(3, &[], 50), 196), &shape), "9,996 in all");
        assert!(!are_too_many(&list(1, &[b'a'; 100], 9_000), &shape), "texts that could be messages");
        assert!(are_too_many(&list(10, &[1; 100], 100), &shape), "packed numbers");
        let malformed = [&list(4, &[], 9_000)[..], &[0xff; 20_000]].concat();
        assert!(!are_too_many(&malformed, &shape));
    }

    #[test]
    fn depth_is_bounded() {
        let mut message = Vec::new();
        for _ in 0..6_000 {
            let length = message.len();
            let length = if length < 128 { vec![length as u8] } else { vec![(length & 0x7f) as u8 | 0x80, (length >> 7) as u8] };
            message = [&[3 << 3 | 2][..], &length, &message].concat();
            message.truncate(16_000);
        }
        assert!(message.len() > MAX_FIELDS && !are_too_many(&message, &shape("google.protobuf.DescriptorProto")));
    }
}
