#!/usr/bin/python3
"""Computes noise.json, session.json and stream.json from the specifications, without any of spate's code.

The Noise part follows the Noise specification, revision 34, in its own terms (CipherState, SymmetricState,
HandshakeState) and the rest follows libcore/wire/README.md. The primitives are python3-cryptography's and hashlib's;
XChaCha20-Poly1305, which neither has, is made of them by draft-irtf-cfrg-xchacha-03.

generate.py          writes the files next to this script
generate.py --check  fails when they differ from what it would write; 77 when python3-cryptography is missing
"""
import base64
import hashlib
import hmac
import ipaddress
import json
import pathlib
import struct
import sys

try:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
except ImportError:
    print("skipped: this Python has no module 'cryptography' (Debian: python3-cryptography)")
    sys.exit(77)


def secret_bytes(label, n=32):
    """Fixed test secrets, recognisable by their label and unrelated to any protocol value."""
    return hashlib.blake2b(b"test vector " + label.encode(), digest_size=n).digest()


# Primitives (section 12 of the Noise specification)

def public_key(secret):
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def dh(secret, public):
    return X25519PrivateKey.from_private_bytes(secret).exchange(X25519PublicKey.from_public_bytes(public))


def aead_nonce(n):
    return bytes(4) + struct.pack("<Q", n)


def aead_encrypt(key, n, ad, text):
    return ChaCha20Poly1305(key).encrypt(aead_nonce(n), text, ad)


def aead_decrypt(key, n, ad, sealed):
    return ChaCha20Poly1305(key).decrypt(aead_nonce(n), sealed, ad)


def noise_hash(data):
    return hashlib.blake2b(data, digest_size=64).digest()


def hkdf(chaining_key, material, outputs):
    def mac(key, data):
        return hmac.new(key, data, hashlib.blake2b).digest()

    temp_key = mac(chaining_key, material)
    result, previous = [], b""
    for i in range(1, outputs + 1):
        previous = mac(temp_key, previous + bytes([i]))
        result.append(previous)
    return result


# Section 5: the three state objects

class CipherState:
    def __init__(self, key=None):
        self.k, self.n = key, 0

    def encrypt_with_ad(self, ad, text):
        if self.k is None:
            return text
        sealed = aead_encrypt(self.k, self.n, ad, text)
        self.n += 1
        return sealed

    def decrypt_with_ad(self, ad, sealed):
        if self.k is None:
            return sealed
        text = aead_decrypt(self.k, self.n, ad, sealed)
        self.n += 1
        return text


class SymmetricState:
    def __init__(self, protocol_name):
        self.h = protocol_name.ljust(64, b"\0") if len(protocol_name) <= 64 else noise_hash(protocol_name)
        self.ck = self.h
        self.cipher = CipherState()

    def mix_key(self, material):
        self.ck, temp_k = hkdf(self.ck, material, 2)
        self.cipher = CipherState(temp_k[:32])

    def mix_hash(self, data):
        self.h = noise_hash(self.h + data)

    def mix_key_and_hash(self, material):
        self.ck, temp_h, temp_k = hkdf(self.ck, material, 3)
        self.mix_hash(temp_h)
        self.cipher = CipherState(temp_k[:32])

    def encrypt_and_hash(self, text):
        sealed = self.cipher.encrypt_with_ad(self.h, text)
        self.mix_hash(sealed)
        return sealed

    def decrypt_and_hash(self, sealed):
        text = self.cipher.decrypt_with_ad(self.h, sealed)
        self.mix_hash(sealed)
        return text

    def split(self):
        first, second = hkdf(self.ck, b"", 2)
        return CipherState(first[:32]), CipherState(second[:32])


PATTERNS = {
    "IK": [["e", "es", "s", "ss"], ["e", "ee", "se"]],
    "IKpsk2": [["e", "es", "s", "ss"], ["e", "ee", "se", "psk"]],
}


class HandshakeState:
    """Both patterns have the pre-message "<- s"."""

    def __init__(self, pattern, initiator, prologue, s, e, rs=None, psk=None):
        self.symmetric = SymmetricState(f"Noise_{pattern}_25519_ChaChaPoly_BLAKE2b".encode())
        self.symmetric.mix_hash(prologue)
        self.initiator, self.s, self.e, self.rs, self.re, self.psk = initiator, s, e, rs, None, psk
        self.has_psk = "psk" in pattern
        self.messages = [list(m) for m in PATTERNS[pattern]]
        self.symmetric.mix_hash(rs if initiator else public_key(s))

    def _mix_token(self, token):
        if token == "psk":
            self.symmetric.mix_key_and_hash(self.psk)
            return
        # The first letter is the initiator's key, the second the responder's.
        own, remote = (token[0], token[1]) if self.initiator else (token[1], token[0])
        self.symmetric.mix_key(dh(self.s if own == "s" else self.e, self.rs if remote == "s" else self.re))

    def write_message(self, payload):
        out = b""
        for token in self.messages.pop(0):
            if token == "e":
                out += public_key(self.e)
                self.symmetric.mix_hash(public_key(self.e))
                if self.has_psk:
                    self.symmetric.mix_key(public_key(self.e))
            elif token == "s":
                out += self.symmetric.encrypt_and_hash(public_key(self.s))
            else:
                self._mix_token(token)
        return out + self.symmetric.encrypt_and_hash(payload)

    def read_message(self, message):
        for token in self.messages.pop(0):
            if token == "e":
                self.re, message = message[:32], message[32:]
                self.symmetric.mix_hash(self.re)
                if self.has_psk:
                    self.symmetric.mix_key(self.re)
            elif token == "s":
                self.rs, message = self.symmetric.decrypt_and_hash(message[:48]), message[48:]
            else:
                self._mix_token(token)
        return self.symmetric.decrypt_and_hash(message)


def noise_vector(pattern, label, init_prologue, payloads):
    init_static, resp_static = secret_bytes(label + " init static"), secret_bytes(label + " resp static")
    init_ephemeral, resp_ephemeral = secret_bytes(label + " init ephemeral"), secret_bytes(label + " resp ephemeral")
    psk = secret_bytes(label + " psk") if "psk" in pattern else None
    initiator = HandshakeState(pattern, True, init_prologue, init_static, init_ephemeral, public_key(resp_static), psk)
    responder = HandshakeState(pattern, False, init_prologue, resp_static, resp_ephemeral, psk=psk)

    messages = []
    for i, payload in enumerate(payloads):
        if i < 2:
            sender, receiver = (initiator, responder) if i == 0 else (responder, initiator)
            sealed = sender.write_message(payload)
            assert receiver.read_message(sealed) == payload
            if i == 1:
                assert initiator.symmetric.h == responder.symmetric.h
                send, receive = initiator.symmetric.split(), responder.symmetric.split()
        else:
            sealed = send[i % 2].encrypt_with_ad(b"", payload)
            assert receive[i % 2].decrypt_with_ad(b"", sealed) == payload
        messages.append({"payload": payload.hex(), "ciphertext": sealed.hex()})

    vector = {"protocol_name": f"Noise_{pattern}_25519_ChaChaPoly_BLAKE2b", "init_prologue": init_prologue.hex()}
    if psk:
        vector["init_psks"] = [psk.hex()]
    vector |= {"init_static": init_static.hex(), "init_ephemeral": init_ephemeral.hex(),
               "init_remote_static": public_key(resp_static).hex(), "resp_prologue": init_prologue.hex()}
    if psk:
        vector["resp_psks"] = [psk.hex()]
    vector |= {"resp_static": resp_static.hex(), "resp_ephemeral": resp_ephemeral.hex(),
               "handshake_hash": initiator.symmetric.h.hex(), "messages": messages}
    return vector


def noise_vectors():
    words = [b"a", b"spring", b"flood", b"of bytes", b"runs downhill", b"to whoever watches"]
    vectors = []
    for pattern in ("IK", "IKpsk2"):
        vectors += [
            noise_vector(pattern, pattern + " plain", b"", [b""] * 2 + words[:4]),
            noise_vector(pattern, pattern + " prologue", b"a prologue", [b""] * 2 + words[:4]),
            noise_vector(pattern, pattern + " payloads", b"", words),
            noise_vector(pattern, pattern + " both", bytes(range(200)), words + [b"", secret_bytes("long", 64) * 18]),
        ]
    return {"vectors": vectors}


# What spate adds (libcore/wire/README.md)

def blake2b(size, data, key=b""):
    return hashlib.blake2b(data, digest_size=size, key=key).digest()


def service_tag(stream, psk):
    return blake2b(16, b"spate service 1" + stream + psk)[:8]


def mac1_key(responder, psk):
    return blake2b(32, b"spate mac1 1" + responder + psk)


def derive_key(secret, label, context):
    return blake2b(32, label + b"\0" + context, secret)


def cookie_key(responder, psk):
    return blake2b(32, b"spate cookie 1" + responder + psk)


def hchacha20(key, nonce):
    """Section 2.2 of the draft: ChaCha20's rounds alone, so what its block function adds in the end is taken off."""
    block = Cipher(algorithms.ChaCha20(key, nonce), mode=None).encryptor().update(bytes(64))
    state = struct.unpack("<16I", b"expand 32-byte k" + key + nonce)
    rounds = [(a - b) % 2**32 for a, b in zip(struct.unpack("<16I", block), state)]
    return struct.pack("<8I", *rounds[:4], *rounds[12:])


def xchacha_encrypt(key, nonce, ad, text):
    return ChaCha20Poly1305(hchacha20(key, nonce[:16])).encrypt(bytes(4) + nonce[16:], text, ad)


def check_hchacha20():
    """The vector of section 2.2.1 of the draft."""
    subkey = hchacha20(bytes(range(32)), bytes.fromhex("000000090000004a0000000031415927"))
    assert subkey.hex() == "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc"


def cookie_reply(name, initiation, responder, psk, host, port):
    """The reply to an initiation from host and port, and the initiation with the mac2 that then proves them."""
    secret, nonce = secret_bytes(name + " cookie secret"), secret_bytes(name + " cookie nonce", 24)
    address = ipaddress.IPv6Address(host).packed
    cookie = blake2b(16, address + struct.pack(">H", port), secret)
    key, before_mac2 = cookie_key(responder, psk), initiation[:-16]
    sealed = xchacha_encrypt(key, nonce, before_mac2[-16:], cookie)
    reply = struct.pack(">BBH", 3, 1, 0) + initiation[4:8] + nonce + sealed
    assert len(reply) == 64
    return {
        "cookie_key": key, "cookie_secret": secret, "cookie_address": address,
        "cookie_port": struct.pack(">H", port), "cookie_nonce": nonce, "cookie": cookie, "cookie_reply": reply,
        "proven_initiation": before_mac2 + blake2b(16, before_mac2, cookie),
    }


def handshake(name, stream, psk, host, port):
    init_static, resp_static = secret_bytes(name + " init static"), secret_bytes(name + " resp static")
    init_ephemeral, resp_ephemeral = secret_bytes(name + " init ephemeral"), secret_bytes(name + " resp ephemeral")
    init_index, resp_index = 0x01020304, 0xa0b0c0d0
    caps, version = 0, 1
    prologue = b"spate-v1" + bytes([version, caps]) + stream
    initiator = HandshakeState("IKpsk2", True, prologue, init_static, init_ephemeral, public_key(resp_static), psk)
    responder = HandshakeState("IKpsk2", False, prologue, resp_static, resp_ephemeral, psk=psk)

    def with_macs(datagram, receiver_static):
        return datagram + blake2b(16, datagram, mac1_key(public_key(receiver_static), psk)) + bytes(16)

    first = initiator.write_message(b"")
    initiation = struct.pack(">BBBBI", 1, version, caps, 0, init_index) + service_tag(stream, psk) + first
    initiation = with_macs(initiation.ljust(256 - 32, b"\0"), resp_static)
    assert responder.read_message(first) == b"" and len(initiation) == 256
    second = responder.write_message(b"")
    response = struct.pack(">BBBBII", 2, version, caps, 0, resp_index, init_index) + second
    response = with_macs(response, init_static)
    assert initiator.read_message(second) == b"" and len(response) == 92
    from_initiator, from_responder = initiator.symmetric.split()
    return {
        "stream": stream, "psk": psk, "tag": service_tag(stream, psk),
        "init_static": init_static, "init_public": public_key(init_static), "init_ephemeral": init_ephemeral,
        "init_index": struct.pack(">I", init_index),
        "resp_static": resp_static, "resp_public": public_key(resp_static), "resp_ephemeral": resp_ephemeral,
        "resp_index": struct.pack(">I", resp_index),
        "resp_mac1_key": mac1_key(public_key(resp_static), psk),
        "init_mac1_key": mac1_key(public_key(init_static), psk),
        "initiation": initiation, "response": response,
        "key_from_initiator": from_initiator.k, "key_from_responder": from_responder.k,
    } | cookie_reply(name, initiation, public_key(resp_static), psk, host, port)


def stream_key(seed):
    signer = Ed25519PrivateKey.from_private_bytes(seed)
    return signer, signer.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def peer_record(stream):
    """Where a node is, signed by it. Its node key follows from its identity, by RFC 7748's map between the curves."""
    secret = secret_bytes("node secret")
    signer, identity = stream_key(secret)
    p = 2**255 - 19
    y = int.from_bytes(identity, "little") % 2**255
    node = ((1 + y) * pow(1 - y, -1, p) % p).to_bytes(32, "little")
    assert node == public_key(hashlib.sha512(secret).digest()[:32])
    ip, port, made = ipaddress.ip_address("2001:db8::7").packed, struct.pack(">H", 7400), struct.pack(">I", 1700000123)
    signature = signer.sign(b"spate record 1" + stream + identity + ip + port + made)
    return {"secret": secret, "identity": identity, "node": node, "stream": stream, "ip": ip, "port": port,
            "made": made, "record": identity + ip + port + made + signature}


def session_vectors():
    seed = secret_bytes("stream seed")
    signer, stream = stream_key(seed)
    message = b"spate auth 1" + bytes(range(100))
    key, counter = secret_bytes("aead key"), 0x0102030405060708
    associated, text = bytes(range(13)), secret_bytes("aead text", 64) * 5
    sealed = aead_encrypt(key, counter, associated, text)
    try:
        aead_decrypt(key, counter + 1, associated, sealed)
        raise AssertionError("the counter is not part of the seal")
    except InvalidTag:
        pass
    derive_secret, label, context = secret_bytes("derive secret"), b"content", struct.pack(">Q", 1700000000000)
    probe_secret = blake2b(32, b"spate probe node key 1")
    check_hchacha20()
    groups = {
        "public_stream": handshake("public", stream, bytes(32), "::ffff:192.0.2.7", 50001),
        "private_stream": handshake("private", stream, secret_bytes("swarm secret"), "2001:db8:1:2:3:4:5:6", 443),
        "probe": {"tag": service_tag(bytes(32), bytes(32)), "node_secret": probe_secret,
                  "node_public": public_key(probe_secret), "mac1_key": mac1_key(public_key(probe_secret), bytes(32))},
        "derive_key": {"secret": derive_secret, "label": label, "context": context,
                       "key": derive_key(derive_secret, label, context)},
        "ed25519": {"seed": seed, "public": stream, "message": message, "signature": signer.sign(message)},
        "peer_record": peer_record(stream),
        "aead": {"key": key, "counter": struct.pack(">Q", counter), "associated": associated, "text": text,
                 "sealed": sealed},
        "leaf_hash": {"key": key, "header": associated, "payload": text, "hash": blake2b(16, associated + text, key)},
    }
    return as_text(groups)


def as_text(groups):
    def text(value):
        return value if isinstance(value, str) else value.hex()
    return {group: {name: text(value) for name, value in fields.items()} for group, fields in groups.items()}


# Stream frames

def gf_multiply(a, b):
    """In GF(2^8) modulo 0x11d."""
    product = 0
    while b:
        if b & 1:
            product ^= a
        a = a << 1 ^ (0x11d if a & 0x80 else 0)
        b >>= 1
    return product


def gf_power_of_2(n):
    power = 1
    for _ in range(n):
        power = gf_multiply(power, 2)
    return power


class Shard:
    """`payload` as it travels; `signature` if it carries one."""

    def __init__(self, sequence, flags, media_us, payload):
        self.sequence, self.flags, self.media_us, self.payload, self.signature = sequence, flags, media_us, payload, b""

    def symbol(self):
        head = len(self.payload) | (1 << 11 if self.signature else 0) | self.flags << 12
        return struct.pack(">HI", head, self.media_us % 2**32) + self.signature + self.payload


class Run:
    """What a publisher signs in one run."""

    def __init__(self, seed, epoch, stripes, parity, content_secret):
        self.signer, self.stream = stream_key(seed)
        self.epoch, self.stripes, self.parity = epoch, stripes, parity
        self.salt = blake2b(32, b"spate salt 1" + self.stream + struct.pack(">Q", epoch))
        self.content_key = derive_key(content_secret, b"content", struct.pack(">Q", epoch)) if content_secret else None
        self.key_check = blake2b(16, b"spate key check 1", self.content_key)[:8] if content_secret else bytes(8)

    def shard(self, sequence, flags, media_us, plain):
        nonce = bytes(4) + struct.pack("<Q", sequence)
        cipher = Cipher(algorithms.ChaCha20(self.content_key, bytes(4) + nonce), mode=None)  # block 0, then the nonce
        return Shard(sequence, flags, media_us, cipher.encryptor().update(plain))

    def leaf(self, shard):
        header = struct.pack(">QBB", shard.sequence, shard.sequence % self.stripes, shard.flags) + u48(shard.media_us)
        return blake2b(16, b"leaf" + header + shard.payload, self.salt)

    def sign(self, first, media_us, leaves, entries):
        head = struct.pack(">QQ", self.epoch, first) + u48(media_us) + bytes([len(leaves), 0, len(entries)])
        return self.signer.sign(b"spate auth 1" + self.stream + head + b"".join(leaves + entries))

    def sign_inline(self, shard):
        shard.signature = self.sign(shard.sequence, shard.media_us, [self.leaf(shard)], [])

    def shard_frame(self, shard):
        head = bytes([1 if shard.signature else 2, shard.sequence % self.stripes, shard.flags])
        low = struct.pack(">II", shard.sequence % 2**32, shard.media_us % 2**32)
        return head + low + shard.signature + shard.payload

    def parity_frame(self, index, block):
        symbols = [shard.symbol() for shard in block]
        coded = bytearray(max(len(symbol) for symbol in symbols))
        for j, symbol in enumerate(symbols):
            weight = gf_power_of_2(index * j)
            for k, byte in enumerate(symbol):
                coded[k] ^= gf_multiply(weight, byte)
        first = struct.pack(">Q", block[0].sequence)
        return bytes([5, index << 5 | len(block) - 1]) + first[-3:] + coded

    def parity_entry(self, index, block, list_end):
        head, coded = struct.pack(">QBB", block[0].sequence, index, len(block)), self.parity_frame(index, block)[5:]
        leaf = blake2b(16, b"pari" + head + coded, self.salt)
        return bytes([list_end - block[0].sequence, index << 5 | len(block) - 1]) + leaf

    def list_frame(self, shards, block):
        first, media_us = shards[0].sequence, shards[0].media_us
        leaves = [self.leaf(shard) for shard in shards]
        entries = [self.parity_entry(i, block, first + len(shards)) for i in range(self.parity)]
        head = struct.pack(">BQQ", 3, self.epoch, first) + u48(media_us) + bytes([len(leaves), 0, len(entries)])
        return head + b"".join(leaves + entries) + self.sign(first, media_us, leaves, entries)

    def info_frame(self, head, media_us, ended):
        flags = 1 | (2 if self.content_key else 0) | (4 if ended else 0)
        text = struct.pack(">BQQ", 1, self.epoch, head) + u48(media_us) + bytes([flags, self.stripes, self.parity])
        text += self.key_check
        return b"\4" + text + self.signer.sign(b"spate info 1" + self.stream + text)


def u48(value):
    return value.to_bytes(6, "big")


def ts_packet(label, random_access=False):
    """Of MPEG-TS; from one with `random_access`, the beginning of a video PES packet, decoding can start."""
    head = bytes.fromhex("4741003007400000000000" "00000001e0" if random_access else "47010110")
    return head + (secret_bytes("packet " + label, 64) * 3)[:188 - len(head)]


def private_run():
    """A block of three shards, the first with a signature of its own, and two of parity."""
    seed, content_secret = secret_bytes("run seed"), secret_bytes("content secret")
    epoch, first, media_us = 1700000000000, 5000000001, 200000000000
    run = Run(seed, epoch, 4, 2, content_secret)
    inputs = [ts_packet("0") + ts_packet("1", True) + ts_packet("2"),
              b"".join(ts_packet(str(i)) for i in range(3, 10)) + ts_packet("10", True)]
    block = [run.shard(first, 1, media_us, inputs[0]),
             run.shard(first + 1, 0, media_us + 1000, inputs[1][:1316]),
             run.shard(first + 2, 1, media_us + 1000, inputs[1][1316:])]
    run.sign_inline(block[0])
    return {
        "seed": seed, "stream": run.stream, "content_secret": content_secret, "content_key": run.content_key,
        "epoch": struct.pack(">Q", epoch), "first": struct.pack(">Q", first), "media_us": u48(media_us),
        "salt": run.salt, "key_check": run.key_check, "first_input": inputs[0], "second_input": inputs[1],
        "shard_0": run.shard_frame(block[0]), "list": run.list_frame(block[1:], block),
        "shard_1": run.shard_frame(block[1]), "shard_2": run.shard_frame(block[2]),
        "parity_0": run.parity_frame(0, block), "parity_1": run.parity_frame(1, block),
        "info": run.info_frame(first + 3, media_us + 2000, False),
        "last_info": run.info_frame(first + 3, media_us + 3000, True),
    }


def public_run():
    seed, epoch, head, media_us = secret_bytes("public run seed"), 1700000000001, 123456789012, 0xaabbccddeeff
    run = Run(seed, epoch, 16, 1, None)
    return {"seed": seed, "stream": run.stream, "epoch": struct.pack(">Q", epoch), "head": struct.pack(">Q", head),
            "media_us": u48(media_us), "info": run.info_frame(head, media_us, False)}


def link(stream, hosts, swarm_secret=b"", content_secret=b""):
    """Each host is a name or address, a port and a key."""
    keys = [key for _, _, key in hosts]
    if len(set(keys)) == 1:
        keys = keys[:1]
    flags = (1 if swarm_secret else 0) | (2 if content_secret else 0)
    blob = bytes([1, flags, len(keys)]) + stream + b"".join(keys) + swarm_secret + content_secret
    text = ",".join((f"[{host}]" if ":" in host else host) + f":{port}" for host, port, _ in hosts)
    blob += blake2b(16, blob + text.encode())[:4]
    return "spate:" + base64.urlsafe_b64encode(blob).decode().rstrip("=") + "@" + text


def links():
    _, stream = stream_key(secret_bytes("link seed"))
    first = ("example.org", 7400, public_key(secret_bytes("first host")))
    second = ("2001:db8::1", 65535, public_key(secret_bytes("second host")))
    swarm_secret, content_secret = secret_bytes("link swarm secret"), secret_bytes("link content secret")
    return {
        "stream": stream, "swarm_secret": swarm_secret, "content_secret": content_secret,
        "first_host": first[0], "first_port": struct.pack(">H", first[1]), "first_key": first[2],
        "second_host": second[0], "second_port": struct.pack(">H", second[1]), "second_key": second[2],
        "public": link(stream, [first]), "relay": link(stream, [first, second], swarm_secret),
        "watch": link(stream, [first, second], swarm_secret, content_secret),
        "one_key": link(stream, [first, (*second[:2], first[2])], swarm_secret, content_secret),
    }


def stream_vectors():
    return as_text({"private_run": private_run(), "public_run": public_run(), "links": links()})


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    differing = []
    contents = {"noise.json": noise_vectors(), "session.json": session_vectors(), "stream.json": stream_vectors()}
    for name, content in contents.items():
        path = pathlib.Path(__file__).parent / name
        text = json.dumps(content, indent=1) + "\n"
        if not check:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            differing.append(name)
    if differing:
        sys.exit("differ from what generate.py computes: " + ", ".join(differing))


if __name__ == "__main__":
    main()
