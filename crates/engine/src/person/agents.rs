//! Limited devices of this person: their keys here, and what is written with them (section 4.6).

use ed25519_dalek::SigningKey;
use folkmoot_api::{ApiError, ErrorCode};
use folkmoot_library::fold;
use folkmoot_record::{
    DeviceKey, Kind, Tag,
    control::Actions,
    fc::{Decoder, Encoder, FcError},
};

use crate::{errors::not_found, membership::collective::Collective, powers::scope};

/// Limited devices kept of one collective, dropped ones included: sixteen at a time may stand, and
/// names of old ones help to explain old records.
pub(crate) const MOST_AGENTS: u64 = 256;
/// Most bytes of the name that a limited device has here.
pub(crate) const MOST_AGENT_NAME: usize = 64;

/// A limited device whose key this home holds, or held.
#[derive(Clone)]
pub(crate) struct Agent {
    /// The name it has here; nobody else sees it.
    pub(crate) name: String,
    pub(crate) dev: DeviceKey,
    /// `None` once it was dropped.
    pub(crate) key: Option<SigningKey>,
}

impl Agent {
    pub(crate) fn new(name: String, key: SigningKey) -> Self {
        Self {
            name,
            dev: DeviceKey::from_bytes(key.verifying_key().to_bytes()),
            key: Some(key),
        }
    }

    /// Whether its key is still here.
    pub(crate) const fn is_open(&self) -> bool {
        self.key.is_some()
    }

    pub(crate) fn encode(&self, out: &mut Encoder) {
        let seed = self
            .key
            .as_ref()
            .map(|key| zeroize::Zeroizing::new(key.to_bytes()));
        out.array(3)
            .text(&self.name)
            .bytes(self.dev)
            .bytes_or_null(seed.as_ref().map(|seed| seed.as_slice()));
    }

    pub(crate) fn decode(d: &mut Decoder<'_>) -> Result<Self, FcError> {
        d.array_of(3)?;
        let name = d.text(MOST_AGENT_NAME)?.to_owned();
        let dev = DeviceKey::from_bytes(d.bytes_of()?);
        let key = d
            .bytes_or_null::<32>()?
            .map(|seed| SigningKey::from_bytes(&zeroize::Zeroizing::new(seed)));
        Ok(Self { name, dev, key })
    }
}

/// Who signs: this device, or a limited one whose key is here.
pub(crate) struct Pen {
    pub(crate) dev: DeviceKey,
    pub(crate) key: SigningKey,
    /// The name of a limited device.
    pub(crate) agent: Option<String>,
}

impl Collective {
    /// The pen of this device, or of the limited one with that name or key.
    pub(crate) fn pen(&self, named: Option<&str>) -> Result<Pen, ApiError> {
        let Some(name) = named else {
            return Ok(Pen {
                dev: self.secrets.dev(),
                key: self.secrets.device.clone(),
                agent: None,
            });
        };
        let wanted = fold(name);
        let found = self.secrets.agents.iter().find(|agent| {
            agent.is_open()
                && (fold(&agent.name) == wanted
                    || (name.len() >= 4 && agent.dev.to_string().starts_with(name)))
        });
        match found {
            Some(Agent {
                name,
                dev,
                key: Some(key),
            }) => Ok(Pen {
                dev: *dev,
                key: key.clone(),
                agent: Some(name.clone()),
            }),
            _ => Err(not_found(format!(
                "no device called {name} signs for you in {}",
                self.name()
            ))
            .hint(
                "`moot device list` shows yours; `moot device add NAME --in COLLECTIVE` makes one",
            )),
        }
    }

    /// A sentence where the limits of that device forbid the record; the right of its person is
    /// another question.
    pub(crate) fn within_limits(
        &self,
        pen: &Pen,
        action: Actions,
        kind: Kind,
        tags: &[Tag],
        at_ms: u64,
    ) -> Result<(), ApiError> {
        use folkmoot_accord::state::DeviceState;
        let Some(name) = &pen.agent else {
            return Ok(());
        };
        let seats = &self.accord.state().seats;
        let device = seats
            .get(&self.secrets.seat)
            .and_then(|member| member.devices.get(&pen.dev));
        let why = match device {
            Some(DeviceState::Full { .. }) => None,
            Some(DeviceState::Limited { limits, .. }) => {
                scope::forbidden(limits, action, kind, tags, at_ms)
            }
            Some(DeviceState::Dropped) | None => Some("it was dropped".to_owned()),
        };
        match why {
            None => Ok(()),
            Some(why) => Err(ApiError::new(
                ErrorCode::Denied,
                format!(
                    "the device {name} may not write this in {}: {why}",
                    self.name()
                ),
            )
            .hint(format!(
                "write it without --as {name}, or give it other limits: drop it and add it anew"
            ))),
        }
    }
}
