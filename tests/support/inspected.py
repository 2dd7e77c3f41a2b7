"""A document with something of everything, for the tests of the inspector."""

from __future__ import annotations

HOSTILE = "</script><img src=x onerror=alert(1)>"
DOCUMENT = f"""\
schema_version: 1
id: everything
sample_rate: 48000
mix_preset_id: podcast_mix
metadata: {{title: "{HOSTILE}"}}
sources: {{slow: {{path: tone.wav, speed: 3/4}}, voice: voice.wav, wide: wide.wav}}
markers: [{{at_ms: 0, label: Start}}, {{at_ms: 3000, label: "{HOSTILE}"}}]
tracks:
  - id: host
    role: dialogue
    pan: -0.2
    eq: [{{kind: highpass, frequency_hz: 90}}]
    clips:
      - {{id: hello, source: voice, start_ms: 500, duration_ms: 1200, fade_in_ms: 100}}
      - id: again
        source: voice
        start_ms: 3000
        duration_ms: 1500
        offset_ms: 250
        level: {{to: -20}}
      - {{id: muted, source: voice, start_ms: 5000, duration_ms: 500, mute: true}}
  - id: music
    role: music
    gain_db: -4
    automation:
      gain:
        - {{at_ms: 0, value: -20}}
        - {{at_ms: 1000, value: 0, curve: hold}}
        - {{at_ms: 2000, value: -6, curve: smooth}}
        - {{at_ms: 3500, value: 2}}
    clips:
      - {{id: one, source: slow, duration_ms: 3000, fade_in_ms: 300, fade_in_curve: log}}
      - id: two
        source: wide
        start_ms: 2500
        duration_ms: 3000
        crossfade_in_ms: 500
        fade_out_ms: 700
        fade_out_curve: exp
        automation: {{pan: [{{at_ms: 0, value: -1}}, {{at_ms: 2500, value: 0.5}}]}}
  - id: "{HOSTILE}"
    role: fx
    clips:
      - {{id: "{HOSTILE}", source: tone.wav, start_ms: 4200, duration_ms: 800, pan: 0.4}}
"""
