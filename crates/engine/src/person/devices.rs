//! The own devices: what there is, a limited one added, one dropped (section 4.6).

use ed25519_dalek::SigningKey;
use folkmoot_accord::{Rejudge, state::DeviceState};
use folkmoot_api::{
    ApiError, DeviceAdd as Ask, DeviceDrop as DropAsk, DeviceList, OwnDevice, Reply,
};
use folkmoot_library::fold;
use folkmoot_record::{
    CollectiveId, DeviceKey, Kind,
    control::{Control, DeviceAdd, DeviceBody, DeviceDrop, DeviceLimits},
};

use crate::{
    clock::random,
    core::Core,
    errors::{failed, key_failed, not_found, usage},
    keeping::author::Signer,
    membership::{
        collective::Collective,
        collectives::action_words,
        invite::{moment, timestamp},
    },
    person::agents::{Agent, MOST_AGENT_NAME, MOST_AGENTS},
    powers::{reach, scope},
};

/// How long a limited device acts where nothing is said, in ms: a year.
const USUAL: u64 = 365 * 86_400_000;
/// How long a device may let another one act at most, in ms: 400 days (section 4.9).
const LONGEST: u64 = 400 * 86_400_000;
/// Most limited devices of a person in one collective (section 9).
const MOST_LIMITED: usize = 16;

impl Core {
    /// The person's devices in one collective, or in all.
    pub(crate) fn device_list(&mut self, ask: &DeviceList) -> Result<Reply, ApiError> {
        let cids = match &ask.collective {
            Some(name) => vec![self.resolve(name)?],
            None => {
                let mut all: Vec<_> = self
                    .member_of()
                    .map(|c| (!c.is_home(), c.name(), c.cid()))
                    .collect();
                all.sort();
                all.into_iter().map(|(_, _, cid)| cid).collect()
            }
        };
        let mut devices = Vec::new();
        for cid in cids {
            devices.extend(self.devices_in(&cid, ask.all)?);
        }
        Ok(Reply::Devices(devices))
    }

    fn devices_in(&mut self, cid: &CollectiveId, all: bool) -> Result<Vec<OwnDevice>, ApiError> {
        let connected = self.connected_devices(cid);
        let collective = self.collective_mut(cid)?;
        let seat = collective.secrets.seat;
        let Some(member) = collective.accord.state().seats.get(&seat) else {
            return Ok(Vec::new());
        };
        let keys: Vec<(DeviceKey, DeviceState)> = member
            .devices
            .iter()
            .filter(|(_, device)| all || device.is_certified())
            .map(|(dev, device)| (*dev, device.clone()))
            .collect();
        let mut devices: Vec<OwnDevice> = keys
            .iter()
            .map(|(dev, device)| collective.own_device(dev, device, connected.contains(dev)))
            .collect();
        // This one first, then full ones, then by name.
        devices.sort_by(|a, b| {
            (!a.this, &a.standing, &a.name, &a.key).cmp(&(!b.this, &b.standing, &b.name, &b.key))
        });
        Ok(devices)
    }

    /// Makes a limited device whose key lies in this home.
    pub(crate) fn device_add(&mut self, ask: &Ask) -> Result<Reply, ApiError> {
        let cid = self.place_or_home(ask.collective.as_deref())?;
        let name = device_name(&ask.name)?;
        let now_ms = self.clock.wall();
        let exp = match ask.until {
            None => now_ms + USUAL,
            Some(until) => u64::try_from(until.as_millisecond()).unwrap_or(0),
        };
        if exp <= now_ms {
            return Err(
                usage("the end of its time lies in the past").hint("give a later day with --until")
            );
        }
        if exp > now_ms + LONGEST {
            return Err(
                usage("a device can let another one act for at most 400 days")
                    .hint("give an earlier day with --until, and add it again when it is over"),
            );
        }
        let limits = DeviceLimits {
            mask: scope::acts_of(&ask.can)?,
            kinds: reach::kinds_of(&ask.kinds)?,
            tags: reach::tags_of(&ask.tags)?,
            nbf: None,
            exp,
            agent: None,
        };
        let key = SigningKey::from_bytes(&random().map_err(|e| failed(e.to_string()))?);
        let agent = Agent::new(name.clone(), key);
        let dev = agent.dev;
        let collective = self.collective_mut(&cid)?;
        collective.must_be_in()?;
        collective.room_for(&name)?;
        // The key first: a device whose key is lost could only be dropped.
        collective.secrets.agents.push(agent);
        self.save_keys(&cid)?;
        let body = Control::Device(DeviceBody {
            adds: vec![DeviceAdd {
                dev,
                kem: None,
                limits: Some(limits),
            }],
            drops: Vec::new(),
        });
        let added = self.control(cid, |collective, now_ms| {
            collective.sign_control(now_ms, None, Signer::Device, Kind::DEVICE, &body)
        });
        if let Err(error) = added {
            let collective = self.collective_mut(&cid)?;
            collective.secrets.agents.retain(|agent| agent.dev != dev);
            self.save_keys(&cid)?;
            return Err(error);
        }
        self.reply_device(&cid, &dev)
    }

    /// Takes a device back; what this node holds of it is kept.
    pub(crate) fn device_drop(&mut self, ask: &DropAsk) -> Result<Reply, ApiError> {
        let (cid, dev) = self.own_device_named(&ask.id, ask.collective.as_deref())?;
        let collective = self.collective_mut(&cid)?;
        let (seat, this) = (collective.secrets.seat, collective.secrets.dev());
        if dev == this {
            return Err(usage("this is the device that you are using")
                .hint("drop it from another one; to go for good: moot leave"));
        }
        let additions = collective.accord.additions(&seat, &dev);
        let mut standing = additions
            .iter()
            .filter(|add| add.undone.is_empty())
            .peekable();
        if standing.peek().is_none() {
            return Err(usage("that device was dropped already")
                .hint("`moot device list --all` shows dropped ones too"));
        }
        // A device takes back what it added; for everything else the recovery key is needed.
        let by_device = standing.all(|add| add.by == Some(this));
        let root = (!by_device).then(|| self.keyring.root(&self.collectives[&cid].secrets));
        let cut = self.own_cut_told(cid, |own| *own == dev)?;
        let body = Control::Device(DeviceBody {
            adds: Vec::new(),
            drops: vec![DeviceDrop { dev, cut }],
        });
        self.control(cid, |collective, now_ms| {
            let signer = match &root {
                Some(root) => Signer::Root(root),
                None => Signer::Device,
            };
            collective.sign_control(now_ms, None, signer, Kind::DEVICE, &body)
        })?;
        let collective = self.collective_mut(&cid)?;
        for agent in &mut collective.secrets.agents {
            if agent.dev == dev {
                agent.key = None;
            }
        }
        self.save_keys(&cid)?;
        self.look_again(cid, &Rejudge::Seats([seat].into()));
        // Whoever has the device must not read what is new. Where this person may not renew the
        // keys, the nodes of others do it.
        self.renew_keys_if_due(cid);
        self.reply_device(&cid, &dev)
    }

    /// Judges stored content anew after an own act that took something away.
    pub(crate) fn look_again(&mut self, cid: CollectiveId, rejudge: &Rejudge) {
        let mut taken = crate::intake::receive::Taken::default();
        self.rejudge(cid, rejudge, &mut taken);
        if self.settle(cid, taken).is_err() {
            self.warn("what was taken away is still shown: it could not be stored".to_owned());
        }
    }

    fn save_keys(&mut self, cid: &CollectiveId) -> Result<(), ApiError> {
        match self.collectives.get(cid) {
            Some(collective) => self.keyring.save(&collective.secrets).map_err(key_failed),
            None => Ok(()),
        }
    }

    fn reply_device(&mut self, cid: &CollectiveId, dev: &DeviceKey) -> Result<Reply, ApiError> {
        let key = dev.to_string();
        let mut devices = self.devices_in(cid, true)?;
        devices.retain(|device| device.key == key);
        match devices.pop() {
            Some(device) => Ok(Reply::Device(Box::new(device))),
            None => Err(failed("the device is not known".to_owned())),
        }
    }

    /// An own device by the name it has here, or by the first digits of its key.
    fn own_device_named(
        &self,
        text: &str,
        place: Option<&str>,
    ) -> Result<(CollectiveId, DeviceKey), ApiError> {
        let within = place.map(|name| self.resolve(name)).transpose()?;
        let wanted = fold(text);
        let mut found = Vec::new();
        for collective in self.member_of() {
            let cid = collective.cid();
            if within.is_some_and(|within| within != cid) {
                continue;
            }
            let seats = &collective.accord.state().seats;
            for dev in seats
                .get(&collective.secrets.seat)
                .into_iter()
                .flat_map(|member| member.devices.keys())
            {
                let named = collective.secrets.agents.iter().any(|agent| {
                    agent.dev == *dev && agent.is_open() && fold(&agent.name) == wanted
                });
                if named || (text.len() >= 4 && dev.to_string().starts_with(text)) {
                    found.push((cid, *dev));
                }
            }
        }
        match found.as_slice() {
            [one] => Ok(*one),
            [] => Err(not_found(format!("you have no device {text}"))
                .hint("`moot device list` shows yours; name one by its first digits, or by the name you gave it")),
            _ => Err(usage(format!("{text} names several of your devices"))
                .hint("say in which collective: --in NAME, or give its first digits")),
        }
    }
}

impl Collective {
    /// Whether there is room for one more, and the name is free.
    fn room_for(&self, name: &str) -> Result<(), ApiError> {
        let wanted = fold(name);
        let agents = &self.secrets.agents;
        if agents
            .iter()
            .any(|a| a.is_open() && fold(&a.name) == wanted)
        {
            return Err(usage(format!(
                "you have a device called {name} in {}",
                self.name()
            ))
            .hint("choose another name, or drop that one: moot device drop"));
        }
        let seats = &self.accord.state().seats;
        let limited = seats.get(&self.secrets.seat).map_or(0, |member| {
            let limited = |d: &&DeviceState| matches!(d, DeviceState::Limited { .. });
            member.devices.values().filter(limited).count()
        });
        if limited >= MOST_LIMITED {
            return Err(usage(format!(
                "you have {limited} limited devices in {}; at most {MOST_LIMITED} are allowed",
                self.name()
            ))
            .hint("drop one that you need no more: moot device drop"));
        }
        if agents.len() as u64 >= MOST_AGENTS {
            return Err(failed(format!(
                "this home has made {MOST_AGENTS} limited devices in {}: no more fit",
                self.name()
            )));
        }
        Ok(())
    }

    fn own_device(&mut self, dev: &DeviceKey, device: &DeviceState, connected: bool) -> OwnDevice {
        let seat = self.secrets.seat;
        let additions = self.accord.additions(&seat, dev);
        let last = additions.last();
        let kind = last
            .and_then(|add| self.accord.record(&add.record))
            .map(|record| record.header().kind);
        let added_by = match (kind, last.and_then(|add| add.by)) {
            (Some(Kind::GENESIS), _) => "founding".to_owned(),
            (Some(Kind::JOIN), _) => "joining".to_owned(),
            (_, Some(by)) => by.to_string(),
            (_, None) => "recovery key".to_owned(),
        };
        let agent = self.secrets.agents.iter().find(|agent| agent.dev == *dev);
        let limits: &[DeviceLimits] = match device {
            DeviceState::Limited { limits, .. } => limits,
            DeviceState::Full { .. } | DeviceState::Dropped => &[],
        };
        // Of several standing additions the one that lasts longest is shown.
        let limits = limits.iter().max_by_key(|limits| limits.exp);
        OwnDevice {
            collective: self.name(),
            collective_id: self.cid().to_string(),
            key: dev.to_string(),
            name: agent.map(|agent| agent.name.clone()),
            this: *dev == self.secrets.dev(),
            signs_here: *dev == self.secrets.dev() || agent.is_some_and(Agent::is_open),
            standing: match device {
                DeviceState::Full { .. } => "full",
                DeviceState::Limited { .. } => "limited",
                DeviceState::Dropped => "dropped",
            }
            .to_owned(),
            actions: limits.map_or_else(Vec::new, |limits| action_words(limits.mask)),
            kinds: limits
                .and_then(|limits| limits.kinds.as_deref())
                .unwrap_or_default()
                .iter()
                .flat_map(reach::kind_words)
                .collect(),
            tags: limits
                .and_then(|limits| limits.tags.as_deref())
                .unwrap_or_default()
                .iter()
                .map(|tag| tag.as_str().to_owned())
                .collect(),
            until: limits.and_then(|limits| timestamp(limits.exp)),
            added: moment(last.map_or(0, |add| add.ms)),
            added_by,
            connected,
        }
    }
}

fn device_name(text: &str) -> Result<String, ApiError> {
    let name = text.trim();
    if name.is_empty() || name.len() > MOST_AGENT_NAME || name.chars().any(char::is_control) {
        return Err(usage(format!(
            "a device's name has 1 to {MOST_AGENT_NAME} bytes and no control characters"
        )));
    }
    Ok(name.to_owned())
}
